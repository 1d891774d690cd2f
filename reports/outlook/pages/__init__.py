"""Outlooks for people: pictures, pages and sentences."""
