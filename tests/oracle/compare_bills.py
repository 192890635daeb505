#!/usr/bin/env python3
"""Holds issued bills against the simulator's ledger, priced another way.

    compare_bills.py ESTATE_DIR BILLS_JSON

ESTATE_DIR is what `steward-sim estate` wrote, BILLS_JSON what
`steward-cloud --json bills --month M` printed. Prices the ledger with
price_ledger.py, which shares no line with the product, and compares every
account to the fen. Exit 0 only when all agree.
"""
import json
import pathlib
import subprocess
import sys


def yuan(fen):
    return f"{fen // 100}.{fen % 100:02d}"


def main():
    estate, bills_file = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    run = json.loads(bills_file.read_text(encoding="utf-8"))
    oracle = pathlib.Path(__file__).with_name("price_ledger.py")
    priced = subprocess.run([sys.executable, oracle, estate, "--month", run["month"]],
                            check=True, capture_output=True, text=True)
    expected = json.loads(priced.stdout)["accounts"]
    billed = {}
    for bill in run["bills"]:
        billed[bill["account"]] = billed.get(bill["account"], 0) + bill["total_fen"]
    wrong = sorted(account for account in expected.keys() | billed.keys()
                   if expected.get(account, 0) != billed.get(account, 0))
    for account in wrong:
        print(f"{account}: billed {billed.get(account, 0)} fen, the ledger says {expected.get(account, 0)}")
    total = sum(billed.values())
    verdict = "agree to the last fen (逐分一致)" if not wrong else f"{len(wrong)} differ (不一致)"
    print(f"{len(billed)} accounts, {yuan(total)} yuan billed, "
          f"{yuan(sum(expected.values()))} yuan by the ledger: {verdict}")
    return 1 if wrong or not billed else 0


if __name__ == "__main__":
    sys.exit(main())
