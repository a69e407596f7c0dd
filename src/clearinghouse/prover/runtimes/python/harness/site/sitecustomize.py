"""Loaded by the interpreter before a finder's script: tells the supervisor where effects come from. Telemetry only.

The script shares this process, so what is said here can be forged; the verdict may be lowered by it, never raised.
"""

import sys

sys.path.insert(0, "/opt/clearinghouse")
try:
    import clearinghouse_harness.script as _script

    _script.watch_script()
finally:
    sys.path.remove("/opt/clearinghouse")
    sys.path[:] = [path for path in sys.path if not path.startswith("/opt/clearinghouse")]
