"""How well predictions agree with outcomes: numpy alone, each number with its interval."""
