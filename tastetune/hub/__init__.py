"""What leaves this machine: pushes to the Hub, and what may go."""
