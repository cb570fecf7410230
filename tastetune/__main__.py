"""`python -m tastetune` and `accelerate launch -m tastetune`: the console command."""

from tastetune.cli import main

if __name__ == "__main__":
    main()
