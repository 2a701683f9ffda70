"""Message batches: many requests at half the price, answered within a day; remembered, resumed, never paid twice."""
