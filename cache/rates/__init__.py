"""Rate limits by cost: token buckets of points, for each caller and each workspace."""
