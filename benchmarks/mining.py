"""How long reading, mining and writing take at the Netflix Prize's size, and how much memory.

python benchmarks/made_netflix.py --output_dir outputs/made-netflix
python benchmarks/mining.py --source outputs/made-netflix --output_dir outputs/made-netflix50

Further flags go to the builder. The bounds are 15 minutes and 8 GiB on 2 cores, with 10,000 users mined.
"""

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path

BUILDER = Path(__file__).parents[1] / "data_builders" / "netflix.py"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True, help="what made_netflix.py wrote, or the Prize itself")
    parser.add_argument("--output_dir", required=True, help="folder to write the dataset to")
    args, further = parser.parse_known_args()
    begin = time.monotonic()
    command = [sys.executable, BUILDER, "--source", args.source, "--output_dir", args.output_dir, *further]
    subprocess.run(command, check=True)
    seconds, used = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"wall clock {seconds:.0f} s (bound 900 s), processor {used.ru_utime + used.ru_stime:.0f} s")
    print(f"peak memory {used.ru_maxrss / 2**20:.2f} GiB (bound 8 GiB)")  # Linux counts it in KiB


if __name__ == "__main__":
    main()
