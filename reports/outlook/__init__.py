"""What becomes of an outlook: tables, CSV, pictures, an index page, and the service that makes them."""
