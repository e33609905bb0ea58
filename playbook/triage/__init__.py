"""What is happening, and what to do now: decision paths as data, and one view."""
