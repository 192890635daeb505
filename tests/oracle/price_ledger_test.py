#!/usr/bin/env python3
"""The oracle itself against sums worked out by hand, so that two programs do not agree on one mistake."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
from fractions import Fraction

sys.dont_write_bytecode = True
here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here))
import price_ledger  # noqa: E402

JUNE, JULY = 1780243200000, 1782835200000  # 2026-05-31T16:00Z, 2026-06-30T16:00Z: midnight at UTC+8

# A building of two floors; each figure below is from a worked example done on paper.
ESTATE = {
    "estate.csv": "estate,name,utc_offset_minutes,vacant_account\nx,X,480,landlord\n",
    "nodes.csv": "node,parent,kind,name\nx,,estate,X\nf1,x,floor,1\nf2,x,floor,2\n",
    "units.csv": "unit,node,kind,area_m2\nA,f1,flat,80\nB,f1,flat,100\nC,f2,flat,80\nD,f2,flat,120\n",
    "points.csv": "point,parent,medium,use,unit,tariff,name\nm,,electricity,master,,,M\nm1,m,electricity,master,,,M1\n"
                  "m2,m,electricity,master,,,M2\na,m1,electricity,unit,A,home,\nb,m1,electricity,unit,B,home,\n"
                  "c,m2,electricity,unit,C,home,\nd,m2,electricity,unit,D,home,\n",
    "installs.csv": "point,meter,channel,from,to,multiplier,opening,closing\nm,M,energy_import,2025-01-01,,3/2,,\n"
                    + "".join(f"{p},{p.upper()},energy_import,2025-01-01,,1,,\n" for p in ("m1", "m2", "a", "b", "c", "d")),
    "tariffs.csv": "tariff,medium,valid_from,period,tier,upto,price\nhome,electricity,2025-01-01,year,1,2760,0.538\n"
                   "home,electricity,2025-01-01,year,2,4800,0.588\nhome,electricity,2025-01-01,year,3,,0.838\n"
                   "flat,electricity,2025-01-01,month,1,,1\n",
    "pools.csv": "pool,point,node,basis,share,tariff,name\npb,m,x,area,quantity,flat,\npf,m1,f1,area,money,flat,\n"
                 "pg,m2,f2,household,quantity,flat,\n",
    "occupancies.csv": "unit,account,name,from,to\nA,aa,A,2025-01-01,\nB,bb,B,2025-01-01,\nC,cc,C,2025-01-01,\n",
    "carried.csv": "point,year,used\na,2026,2600\nb,2026,2700\n",
    # The master's dial times 3/2 goes 1 (of 1.5) -> 12 345 679: each end is rounded down.
    "ledger.csv": "meter,channel,at_ms,count\n"
                  + "".join(f"{m},energy_import,{JUNE},{v}\n" for m, v in (("M", 1), ("M1", 7), ("M2", 0), ("A", 0), ("B", 0), ("C", 0), ("D", 0)))
                  + "".join(f"{m},energy_import,{JULY},{v}\n" for m, v in (("M", 8230453), ("M1", 5000107), ("M2", 6900250), ("A", 2000033), ("B", 2900067), ("C", 3400125), ("D", 3400125))),
}


class PriceLedger(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)
        for name, text in ESTATE.items():
            (self.path / name).write_text(text, encoding="utf-8")

    def change(self, name, old, new):
        text = (self.path / name).read_text(encoding="utf-8")
        self.assertIn(old, text)
        (self.path / name).write_text(text.replace(old, new), encoding="utf-8")

    def run_it(self):
        done = subprocess.run([sys.executable, here / "price_ledger.py", self.path], capture_output=True, text=True)
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr

    def test_half_a_fen_goes_away_from_zero(self):
        for value, fen in (("0.5", 1), ("1.5", 2), ("2.4999", 2), ("-0.5", -1), ("-2.5", -3), ("0", 0)):
            self.assertEqual(price_ledger.round_half_away(Fraction(value)), fen, value)

    def test_largest_remainder(self):
        self.assertEqual(price_ledger.split(10000, {"a": 1, "b": 1, "c": 1}), {"a": 3334, "b": 3333, "c": 3333})
        areas = {u: w for u, w in zip("abcdefg", (8943, 12050, 7520, 6666, 14307, 9898, 10116))}
        self.assertEqual(list(price_ledger.split(123428, areas).values()),
                         [15882, 21400, 13355, 11839, 25408, 17578, 17966])
        self.assertEqual(list(price_ledger.split(445328, dict(A=80, B=100, C=80, D=120)).values()),
                         [93753, 117192, 93753, 140630])

    def test_a_month_that_crosses_a_tier_is_rounded_once_in_each(self):
        estate = price_ledger.Estate(self.path)
        day = price_ledger.datetime.date(2026, 6, 1)
        self.assertEqual(estate.price("home", day, 310_500, 2_600_000), 8608 + 8849)
        self.assertEqual(estate.price("home", day, 2_300_000, 2_700_000), 3228 + 119952 + 16760)
        self.assertEqual(estate.price("home", day, 0, 2_700_000), 0)

    def test_the_building(self):
        # m: floor(8 230 453 * 3/2) - floor(1 * 3/2) = 12 345 679 - 1 = 12 345 678 Wh; less both floors 445 328.
        code, bill = self.run_it()
        self.assertEqual(code, 0, bill)
        self.assertEqual({p: bill["pools"][p]["residual"] for p in bill["pools"]},
                         {"pb": 445_328, "pf": 100_000, "pg": 100_000})
        # a: 2 600 used, +2 000.033: 160*0.538=86.08, 1840.033*0.588=1081.939404; pool 93.75; floor 100 yuan 80:100 = 44.44
        # b: 2 700 used, +2 900.067: 60*0.538=32.28, 2040*0.588=1199.52, 800.067*0.838=670.456146; 117.19; 55.56
        # c: 3 400.125: 2760*0.538=1484.88, 640.125*0.588=376.3935; 93.75; 50.00. d the same, vacant: 140.63; 50.00
        self.assertEqual(bill["accounts"], {"aa": 8608 + 108194 + 9375 + 4444,
                                            "bb": 3228 + 119952 + 67046 + 11719 + 5556,
                                            "cc": 148488 + 37639 + 9375 + 5000,
                                            "landlord": 148488 + 37639 + 14063 + 5000})
        self.assertEqual(bill["pools"]["pf"]["fen"], 10000)
        self.assertEqual(bill["total_fen"], sum(bill["accounts"].values()))

    def test_a_pool_nobody_used_goes_to_the_landlord(self):
        self.change("pools.csv", "pf,m1,f1,area,money", "pf,m,x,usage,money")
        for meter, count in (("A", 2000033), ("B", 2900067), ("C", 3400125), ("D", 3400125)):
            self.change("ledger.csv", f"{meter},energy_import,{JULY},{count}", f"{meter},energy_import,{JULY},0")
        code, bill = self.run_it()
        self.assertEqual(code, 0, bill)
        self.assertEqual(bill["accounts"]["landlord"], 44533 + 14063 + 345013)  # 3 450.125 kWh: half a fen up

    def test_children_that_used_more_than_their_master_are_refused(self):
        self.change("ledger.csv", f"M1,energy_import,{JULY},5000107", f"M1,energy_import,{JULY},4000107")
        code, message = self.run_it()
        self.assertNotEqual(code, 0)
        self.assertIn("pf: the children of m1", message)

    def test_a_residual_a_little_below_zero_is_taken_as_zero(self):
        # f1 carries 4 900.100 kWh; 2 in 100 of a master's 4 804.020 is 96.0804, of 4 804.019 just less.
        for count, code in ((4804020, 0), (4804019, 1)):
            self.change("ledger.csv", f"M1,energy_import,{JULY},5000107", f"M1,energy_import,{JULY},{count + 7}")
            done, bill = self.run_it()
            self.assertEqual(done, code, bill)
            if code == 0:
                self.assertEqual(bill["pools"]["pf"], {"residual": 0, "fen": 0})
            self.setUp()

    def test_a_new_meter_starts_at_its_opening(self):
        self.change("installs.csv", "a,A,energy_import,2025-01-01,,1,,",
                    "a,OLD,energy_import,2025-01-01,2026-06-10,1,,1500.033\na,A,energy_import,2026-06-10,,1,500,")
        self.change("ledger.csv", f"A,energy_import,{JUNE},0", f"OLD,energy_import,{JUNE},500000")
        self.change("ledger.csv", f"A,energy_import,{JULY},2000033", f"A,energy_import,{JULY},1500000")
        code, bill = self.run_it()
        self.assertEqual(code, 0, bill)
        self.assertEqual(bill["accounts"]["aa"], 8608 + 108194 + 9375 + 4444)  # 1 000.033 + 1 000 kWh


if __name__ == "__main__":
    unittest.main()
