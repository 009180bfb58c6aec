"""Running cells: scheduler, workers, Ray, estimates of hours."""
