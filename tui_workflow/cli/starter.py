"""The flow that `wf-tui new` writes: it runs as it is, and shows each idea once."""

STARTER = """\
# A batch flow. Run it with `wf-tui THIS_FILE`, check it with `wf-tui check THIS_FILE`.
# While it runs, save an edit and it is taken up: completed items are kept.

name: starter
description: Squares numbers in parallel, and reports what failed

# Values that the command line can set: wf-tui THIS_FILE count=500
params:
  count:
    type: integer
    description: How many numbers
    default: 40
    min: 1
  slots:
    type: integer
    description: How many at once
    default: 4

steps:
  # A step is Python text, a shell command, a template, or a handler: a function in handlers.py beside this file.
  numbers:
    type: python
    inputs:
      code: |
        result = list(range(1, params['count'] + 1))

  # for_each runs the step once per item. Every item has its own outcome, log and attempts.
  square:
    type: python
    for_each: "{{ steps.numbers.result }}"
    parallel:
      max_parallel: "{{ params.slots }}"
    retry:
      max_attempts: 3
      delay: 1
    on_error: continue        # one bad item does not end the run
    inputs:
      code: |
        import time
        time.sleep(0.1)
        if item % 13 == 0:
            raise ValueError(f'{item} is unlucky')   # remove this line while it runs, then retry the failed items
        print(f'{item} squared')
        result = item * item

  # Values never become text of a shell command: they travel as variables, so quotes in data cannot hurt.
  total:
    type: shell
    inputs:
      command: |
        echo "squared:" {{ steps.square.completed_items|length }}
        echo "failed:" {{ steps.square.failed_items|length }}

# Cleanup: at every end of the run, failed or not.
finally:
  report:
    type: python
    inputs:
      code: |
        squares = [value for value in steps['square']['result'] if value is not None]
        result = {'squares': len(squares), 'sum': sum(squares)}
"""
