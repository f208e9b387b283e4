"""Whether every answer became a check-in: a run counts only if it did, within 30 s of its end, and nothing was dropped."""

from .machine import wait_until

PATIENCE = 30


def settle(box, report, what):
    """Compares what clients saw with what the box stored since it was made."""
    try:
        wait_until(lambda: box.stored()[0] >= box.answers, PATIENCE, "check-ins", every=0.1)
    except TimeoutError:
        pass
    stored, rows = box.stored()
    dropped = box.dropped()
    if not box.answers <= stored <= box.answers + box.unseen or dropped:
        report.fail(f"{what}: {box.answers} answers, {stored} check-ins, {dropped} dropped")
    return stored, rows, dropped


def account(box, report, what):
    """The figures, and ten check-ins at random as the box keeps them."""
    stored, rows, dropped = settle(box, report, what)
    report.note(
        f"{what}: {stored:,} check-ins in {rows:,} rows for {box.answers:,} answers "
        f"(and at most {box.unseen:,} that a client cut off), {dropped} dropped"
    )
    columns = "transport, peer, file, evidence, decision, reason, count"
    for row in box.rows(f"SELECT {columns} FROM check_in ORDER BY random() LIMIT 10"):
        transport, peer, file, evidence, decision, reason, count = row
        print(f"    {transport} {peer} {file}: {decision}, {reason} ({evidence}) ×{count}", flush=True)
