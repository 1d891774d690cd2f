"""What an experiment file says, as data that knows its lines; nothing here knows any fault."""
