"""Millrace's EventService client under the names that existing programs import."""
