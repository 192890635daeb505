#!/usr/bin/env python3
"""The second implementation against sums worked out by hand, so that two programs do not agree on one mistake."""
import pathlib
import sys
import unittest
from fractions import Fraction

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import bill_estate  # noqa: E402

FILES = {
    "estate.csv": "estate,name,utc_offset_minutes,vacant_account\nx,X,480,landlord\n",
    "nodes.csv": "node,parent,kind\nx,,estate\n",
    "units.csv": "unit,node,kind,area_m2,persons,floor,owner\na,x,flat,60,,1,\nb,x,flat,80,,2,ob\nc,x,flat,100,,3,\n",
    "points.csv": "point,parent,medium,use,unit,tariff\nm,,electricity,master,,\n"
                  + "".join(f"p{u},m,electricity,unit,{u},home\n" for u in "abc"),
    "installs.csv": "point,meter,channel,from,to,multiplier,opening,closing,band\n"
                    + "".join(f"{p},{p},e,2025-01-01,,1,,,\n" for p in ("m", "pa", "pb", "pc")),
    "tariffs.csv": "tariff,medium,valid_from,period,tier,upto,price\nhome,electricity,2025-01-01,month,1,,1\n",
    "occupancies.csv": "unit,account,from,to\na,aa,2025-01-01,\nc,cc,2025-01-01,\n",
    "readings.csv": "meter,channel,at,value,source\n"
                    + "".join(f"{m},e,2026-02-01,0,manual\n{m},e,2026-03-01,{v},manual\n"
                              for m, v in (("m", 3600), ("pa", 1200), ("pb", 0), ("pc", 2400))),
    "pools.csv": "pool,point,node,basis,share,tariff,source,medium,amount,formula,negative,tolerance_permille,vacant_percent\n",
}


def billed(**changed):
    files = dict(FILES)
    for name, text in changed.items():
        files[name + ".csv"] = files.get(name + ".csv", "") + text
    return bill_estate.Estate(files).bill("2026-02")


class BillEstate(unittest.TestCase):
    def test_largest_remainder(self):
        share = bill_estate.largest_remainder
        self.assertEqual(list(share(10000, [(i, 1) for i in range(3)]).values()), [3334, 3333, 3333])
        areas = (8943, 12050, 7520, 6666, 14307, 9898, 10116)
        self.assertEqual(list(share(123428, list(enumerate(areas))).values()), [15882, 21400, 13355, 11839, 25408, 17578, 17966])
        self.assertEqual(list(share(-3200, [(0, 200000), (1, 150000), (2, 153200)]).values()), [-1272, -954, -974])

    def test_half_a_fen_goes_away_from_zero(self):
        for value, fen in (("0.5", 1), ("2.4999", 2), ("-0.5", -1), ("-2.5", -3), ("25040.4", 25040)):
            self.assertEqual(bill_estate.half_away(Fraction(value)), fen, value)

    def test_seventy_by_use_and_thirty_by_area(self):
        bills = billed(pools="p,,x,usage:700000+area:300000,money,,fixed,electricity,10000.00,,,,\n")
        self.assertEqual(bills, {"aa": [120000, 308333], "ob": [100000], "cc": [240000, 591667]})

    def test_a_vacant_unit_at_seventy_percent(self):
        bills = billed(pools="p,,x,equal,money,,fixed,,900.00,,,,70\n")
        self.assertEqual(bills, {"aa": [30000, 120000], "cc": [30000, 240000], "ob": [-9000, 30000], "landlord": [9000]})

    def test_an_estimated_month_and_the_true_register_after_it(self):
        files = dict(FILES)
        files["points.csv"] += "w,,water,unit,a,water\n"
        files["installs.csv"] += "w,W,volume,2020-01-01,,1,,,\n"
        files["tariffs.csv"] += "water,water,2026-01-01,year,1,180,5\nwater,water,2026-01-01,year,2,260,7\nwater,water,2026-01-01,year,3,,9\n"
        files["carried.csv"] = "point,year,used\nw,2026,150\n"
        guess = Fraction(276 * 31, 92)
        self.assertEqual(guess, 93)
        files["readings.csv"] += ("W,volume,2026-02-01,300,manual\nW,volume,2026-03-01,393,estimate-average\n"
                                  "W,volume,2026-04-01,450,manual\n"
                                  + "".join(f"{m},e,2026-04-01,{v},manual\n"
                                            for m, v in (("m", 3600), ("pa", 1200), ("pb", 0), ("pc", 2400))))
        estate = bill_estate.Estate(files)
        self.assertEqual(sorted(estate.bill("2026-02")["aa"]), [15000, 44100, 120000])  # 591.00 of water
        self.assertEqual(sorted(estate.bill("2026-03")["aa"]), [11900, 36000])  # 479.00: 1,070.00 for both

    def test_a_formula_by_storey(self):
        bills = billed(pools='p,,x,formula,money,,fixed,,100.00,"area * max(floor - 1, 0)",,,\n')
        self.assertEqual(bills, {"aa": [120000], "ob": [2857], "cc": [7143, 240000]})  # 0 : 80 : 200
        with self.assertRaises(bill_estate.Refused):
            billed(pools="p,,x,formula,money,,fixed,,1,area / (floor - 2),,,\n")

    def test_a_fee_by_days(self):
        fees = "fee,node,group,valid_from,basis,period,price,vacant_percent\nf,x,,2025-01-01,area,month,2.80,\n"
        bills = billed(fees=fees, occupancies="b,bb,2026-02-11,\n", readings="pb,e,2026-02-11,0,manual\n")
        self.assertEqual(bills["ob"], [8000])  # 224.00 yuan, 10 of 28 days
        self.assertEqual(bills["bb"], [14400])

    def test_peak_and_valley_and_the_surcharge_of_a_tier(self):
        files = dict(FILES, **{"pools.csv": FILES["pools.csv"], "points.csv": "point,parent,medium,use,unit,tariff\np,,electricity,unit,a,t\n"})
        files["installs.csv"] = ("point,meter,channel,from,to,multiplier,opening,closing,band\np,P,1,2025-01-01,,1,,,peak\n"
                                 "p,P,2,2025-01-01,,1,,,valley\n")
        files["tariffs.csv"] = ("tariff,medium,valid_from,period,tier,upto,price\nt,electricity,2025-01-01,year,1,2760,0\n"
                                "t,electricity,2025-01-01,year,2,4800,0.05\nt,electricity,2025-01-01,year,3,,0.3\n")
        files["tou.csv"] = "tariff,valid_from,band,price\nt,2025-01-01,peak,0.568\nt,2025-01-01,valley,0.288\n"
        files["readings.csv"] = ("meter,channel,at,value,source\nP,1,2026-01-01,0,m\nP,2,2026-01-01,0,m\nP,1,2026-02-01,1700,m\n"
                                 "P,2,2026-02-01,1000,m\nP,1,2026-03-01,1800,m\nP,2,2026-03-01,1060,m\n")
        self.assertEqual(bill_estate.Estate(files).bill("2026-02"), {"aa": [500, 1728, 5680]})


if __name__ == "__main__":
    unittest.main()
