"""`crosslight doctor`: is this machine ready, and what can it do?"""

import sys


def doctor() -> None:
    """Show versions, processor, threads and memory, and whether anything is missing."""
    from crosslight.tasks.doctor import examine

    findings = examine()
    for finding in findings:
        sys.stdout.write(f"{'ok ' if finding.fine else '!! '} {finding.text}\n")
    sys.exit(0 if all(finding.fine for finding in findings) else 1)
