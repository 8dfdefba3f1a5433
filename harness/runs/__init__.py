"""What a run is, where it is kept, and what becomes of it."""
