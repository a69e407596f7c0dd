"""What runs inside the sandbox beside the target, shown there as `clearinghouse_harness`: standard library only.

It must run under any interpreter a target may need, so it keeps to Python 3.8 and to relative imports. Nothing it says
of a finder's script can raise a verdict; for form 1 no code of the finder's shares its process.
"""
