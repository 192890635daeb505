#!/usr/bin/env python3
"""Random estates with their bills, one JSON text a line.

    random_estates.py --seed 1 --count 1000

Each line: {"seed", "month", "files": {name: text}, "accounts": {account: [fen, ...]}}, or "refused" in place of
"accounts". The files are as docs/formats/estate.md says, the bills are bill_estate.py's. Estates are small, a
dozen units at most, and full of corners: trees, exchanges, wrapped registers, moves, vacancies, tiers of every
period, time of use, every basis, hybrids, formulas, credits, fees, charges and reductions.
"""
import argparse
import datetime
import json
import random
import sys

sys.dont_write_bytecode = True
import bill_estate  # noqa: E402

MONTHS = ["2026-02", "2026-05", "2026-06", "2026-09", "2026-12"]
FORMULAS = ["area * max(floor - 1, 0)", "if(floor <= 1, 0, area)", "persons * 2 + 1", "usage / 7 + household",
            "area % 97", "coefficient / 1000 * units", "min(area, total_area / units)", "area / floor",
            "(area - 400000) * 1", "if(persons > 2 , 3, persons) * floor"]


def milli(count):
    return f"{count // 1000}.{count % 1000:03d}"


def csv_text(columns, rows):
    def cell(value):
        return f'"{value}"' if "," in str(value) else str(value)
    return "\n".join([columns] + [",".join(cell(value) for value in row) for row in rows]) + "\n"


class Made:
    """One estate; the rows of each file as they come up."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.month = self.dice.choice(MONTHS)
        self.begin = datetime.date.fromisoformat(self.month + "-01")
        self.end = bill_estate.next_month(self.begin)
        self.rows = {name: [] for name in ("nodes", "units", "points", "installs", "tariffs", "tou", "pools", "invoices",
                                           "fees", "charges", "reductions", "occupancies", "carried", "readings")}
        self.moves, self.flats, self.tariffs, self.usage = {}, [], {}, {}
        self.meters = 0

    def chance(self, percent):
        return self.dice.randrange(100) < percent

    def in_month(self, first, last):
        """An even day for what cuts a bill, an odd one for exchanges, so that the two never share a day."""
        return self.begin + datetime.timedelta(days=self.dice.randrange(first, last, 2))

    def make(self):
        self.rows["nodes"] = [("r", "", "estate"), ("b1", "r", "building"), ("b2", "r", "building"), ("f1", "b1", "floor")]
        self.price_plans()
        self.people()
        for medium in ("electricity",) if self.chance(60) else ("electricity", "water"):
            self.tree(medium)
        self.other_pools()
        self.unmetered()
        return self.files()

    # --- prices -----------------------------------------------------------------
    def price(self):
        return f"{self.dice.randrange(0, 2_000_000) / 10 ** self.dice.choice([6, 6, 5]):.6f}".rstrip("0").rstrip(".") or "0"

    def price_plans(self):
        for medium in ("electricity", "water"):
            for kind in ("home", "shop"):
                name = f"{medium[0]}-{kind}"
                self.tariffs[name] = self.dice.choice(["year", "month", "two_months"])
                self.version(name, medium, "2025-01-01")
                if self.chance(15):
                    self.version(name, medium, str(self.in_month(4, 20)))
            self.rows["tariffs"].append((f"{medium[0]}-pool", medium, "2025-01-01", "month", 1, "", self.price(), "", "", ""))

    def version(self, name, medium, day):
        tiers = self.dice.choice([1, 2, 3])
        bounds = sorted(self.dice.sample(range(10_000, 900_000), tiers - 1))
        above = self.dice.randrange(0, 4) if self.chance(40) else ""
        part = "months" if self.tariffs[name] == "year" and self.chance(40) else ""
        more = sorted(self.dice.randrange(0, 50_000) for _ in bounds)
        for i in range(tiers):
            last = i == tiers - 1
            self.rows["tariffs"].append((name, medium, day, self.tariffs[name], i + 1, "" if last else milli(bounds[i]), self.price(),
                                         "" if last else above, "" if last or above == "" else milli(more[i]), part))

    def banded(self, name):
        """A tariff of its own by time of use."""
        days = sorted({row[2] for row in self.rows["tariffs"] if row[0] == name})
        for row in [row for row in self.rows["tariffs"] if row[0] == name]:
            self.rows["tariffs"].append((name + "-tou",) + row[1:])
        self.tariffs[name + "-tou"] = self.tariffs[name]
        for day in days:
            for band in ("peak", "valley"):
                self.rows["tou"].append((name + "-tou", day, band, self.price()))

    # --- people -----------------------------------------------------------------
    def people(self):
        for number in range(self.dice.randrange(1, 9)):
            unit = f"u{number}"
            self.flats.append(unit)
            kind = self.dice.choice(["flat", "flat", "shop", "parking"])
            self.rows["units"].append((unit, self.dice.choice(["r", "b1", "b2", "f1"]), kind, milli(self.dice.randrange(0, 200_000)),
                                       self.dice.randrange(0, 7), self.dice.randrange(0, 9), milli(self.dice.randrange(0, 3_000)),
                                       self.dice.randrange(0, 3), self.dice.choice(["", "", "shops"]),
                                       self.dice.choice(["", "", f"own-{unit}"])))
            self.moves[unit] = []
            life = self.dice.randrange(6)
            move = self.in_month(2, 26)
            if life == 0:
                continue  # nobody
            self.rows["occupancies"].append((unit, f"a{self.dice.choice([number, number, 0])}", "2025-03-01" if life < 5 else str(move),
                                             "" if life in (1, 2, 5) else str(move)))
            if life == 4:
                self.rows["occupancies"].append((unit, f"z{number}", str(move), ""))
            if life > 2:
                self.moves[unit].append(move)
        # One account may have several units, never one unit twice: the rows above see to it.

    # --- meters -----------------------------------------------------------------
    def tree(self, medium):
        letter = medium[0]
        top = {"r": f"{letter}-r", "b1": f"{letter}-b1", "f1": f"{letter}-f1"}
        used = dict.fromkeys(top, 0)
        for point, parent in (("b1", "r"), ("f1", "b1")):
            self.rows["points"].append((top[point], top[parent], medium, "master", "", ""))
        self.rows["points"].append((top["r"], "", medium, "master", "", ""))
        for unit in self.flats:
            for number in range(self.dice.choice([0, 1, 1, 1, 2])):
                node = self.dice.choice(["r", "b1", "f1"])
                count = self.flat_meter(f"{letter}-{unit}-{number}", top[node], medium, unit)
                while node:
                    used[node] += count
                    node = {"f1": "b1", "b1": "r", "r": None}[node]
        below = 0
        for node in ("f1", "b1", "r"):
            own = used[node] + below
            rest = self.dice.choice([0, self.dice.randrange(0, 90_000), self.dice.randrange(0, 40)])
            if self.chance(14):
                rest = -self.dice.randrange(0, max(1, own // (40 if self.chance(90) else 8)))
            if own + rest < 0:
                rest = 0
            self.meter(top[node], own + rest, medium, exact=True)
            below += rest
            if self.chance(75):
                self.rows["pools"].append(self.pool(f"p-{top[node]}", top[node], node, f"{letter}-pool"))

    def flat_meter(self, point, parent, medium, unit):
        name = f"{medium[0]}-{self.dice.choice(['home', 'shop'])}"
        if self.chance(20):
            if name + "-tou" not in self.tariffs:
                self.banded(name)
            name += "-tou"
        self.rows["points"].append((point, parent, medium, "unit", unit, name))
        bands = ("peak", "valley") if name.endswith("-tou") else ("",)
        late = self.chance(15)  # hung in this year, before the month
        carried = not late and self.begin.month > 2 and self.chance(20)
        if carried:
            self.rows["carried"].append((point, self.begin.year, milli(self.dice.randrange(0, 700_000))))
        cuts = set(self.moves[unit]) | {datetime.date.fromisoformat(row[2]) for row in self.rows["tariffs"] if row[0] == name}
        usage = self.dice.choice([0, self.dice.randrange(0, 900_000), self.dice.randrange(0, 900)])
        return sum(self.meter(point, usage // len(bands), medium, band=band, late=late, carried=carried, cuts=cuts) for band in bands)

    def meter(self, point, usage, medium, band="", late=False, carried=False, cuts=(), exact=False):
        """Rows of installs.csv and readings.csv for `usage` in the month; returns what the bill counts."""
        n, d = (1, 1) if exact or self.chance(70) else self.dice.choice([(40, 1), (3, 2), (2, 3), (7, 5)])
        channel = band or ("energy_import" if medium == "electricity" else "volume")
        hung = datetime.date(self.begin.year, self.dice.randrange(1, self.begin.month + 1), 1) if late else datetime.date(2025, 1, 1)
        if hung == self.begin:
            hung = datetime.date(self.begin.year, 1, 1) if self.begin.month > 1 else hung
        step = usage * d // n
        at = self.dice.randrange(0, 5_000_000)
        opening = at
        marks = [] if carried else [datetime.date(self.begin.year, 1, 1)]
        pair = self.begin.replace(month=self.begin.month - (self.begin.month - 1) % 2)
        marks += [pair, self.begin]
        values = {}
        for day in sorted({day for day in marks if day > hung} | ({hung} if late else set()) | {self.begin}):
            values[day] = at if day == hung else at + self.dice.randrange(0, 300_000)
            at = values[day]
        inside = sorted(day for day in cuts if self.begin < day < self.end)
        start = values[self.begin]
        for i, day in enumerate(inside):
            values[day] = start + step * (i + 1) // (len(inside) + 1)
        values[self.end] = start + step
        meter = f"m{self.meters}"
        self.meters += 1
        swap = self.in_month(1, 26) if not exact and self.chance(20) else None
        self.emit(point, meter, channel, hung, opening if late else "", f"{n}/{d}" if d > 1 else str(n), band, values, swap)
        if swap is None:
            return (start + step) * n // d - start * n // d
        return self.counted(point, channel)

    def emit(self, point, meter, channel, hung, opening, times, band, values, swap):
        before = {day: value for day, value in values.items() if swap is None or day <= swap}
        after = {day: value for day, value in values.items() if swap is not None and day > swap}
        hold = lambda value: milli(value) if value != "" else ""
        if swap is None:
            self.rows["installs"].append((point, meter, channel, hung, "", times, hold(opening), "", band))
        else:
            last = max(before.values())
            high = min(after.values())
            closing = last + (high - last) // 2
            new = meter if self.chance(30) else meter + "x"  # the meter for itself: a register that wrapped
            start = 0 if new == meter else self.dice.randrange(0, 100_000)
            shift = start - closing
            after = {day: value + shift for day, value in after.items()}
            self.rows["installs"].append((point, meter, channel, hung, swap, times, hold(opening), milli(closing), band))
            self.rows["installs"].append((point, new, channel, swap, "", times, milli(start), "", band))
            self.rows["readings"] += [(new, channel, day, milli(value), "manual") for day, value in after.items()]
        self.rows["readings"] += [(meter, channel, day, milli(value), "manual") for day, value in before.items()]

    def counted(self, point, channel):
        """What the month's bill counts, by the oracle's own reading of the rows."""
        estate = bill_estate.Estate({"estate.csv": self.head(), "installs.csv": self.text("installs"), "readings.csv": self.text("readings")})
        channels = [row for row in estate.installs[point] if row["channel"] == channel]
        estate.installs[point] = channels
        return estate.used(point, self.begin, self.end)

    # --- pools ------------------------------------------------------------------
    def bases(self):
        kinds = ["area", "household", "usage", "persons", "floor", "coefficient", "equal", "formula"]
        if self.chance(65):
            return self.dice.choice(kinds)
        chosen = self.dice.sample(kinds, self.dice.choice([2, 2, 3]))
        cuts = sorted(self.dice.sample(range(1, 10 ** 6), len(chosen) - 1))
        return "+".join(f"{basis}:{high - low}" for basis, low, high in zip(chosen, [0] + cuts, cuts + [10 ** 6]))

    def pool(self, name, point, node, tariff, source=""):
        basis = self.bases()
        formula = ""
        if "formula" in basis:  # the last three refuse the run for some units
            formula = self.dice.choice(FORMULAS[:-3] if self.chance(85) else FORMULAS)
        metered = not source
        medium = "electricity" if not metered and ("usage" in basis or "usage" in formula) else ""
        amount = f"{self.dice.randrange(0, 500_000) / 100:.2f}" if source == "fixed" else ""
        negative = self.dice.choice(["", "clamp", "credit", "scale", "credit", "scale", "block"]) if metered else ""
        return (name, point, node, basis, self.dice.choice(["quantity", "money"]) if metered else "money", tariff, source,
                self.dice.choice(["", "loss"]) if metered else "", medium, amount, formula, negative,
                self.dice.choice(["", "", 30, 5]) if metered else "", self.dice.choice(["", "", "70", "33.3333", "0"]))

    def other_pools(self):
        nodes = {row[1] for row in self.rows["units"]}
        above = {"f1": "b1", "b1": "r", "b2": "r"}
        for node in list(nodes):
            while node in above:
                node = above[node]
                nodes.add(node)
        self.rows["pools"] = [row for row in self.rows["pools"] if row[2] in nodes]
        for number in range(self.dice.randrange(0, 3)):
            source = self.dice.choice(["fixed", "invoice"])
            self.rows["pools"].append(self.pool(f"q{number}", "", self.dice.choice(sorted(nodes)), "", source))
            if source == "invoice" and self.chance(97):
                self.rows["invoices"].append((f"q{number}", self.month, f"{self.dice.randrange(0, 300_000) / 100:.2f}", "no"))

    # --- the rest -----------------------------------------------------------------
    def unmetered(self):
        for fee in ("clean", "key") if self.chance(60) else ():
            period = "move_in" if fee == "key" else self.dice.choice(["month", "quarter", "year"])
            seen = set()
            for _ in range(self.dice.randrange(1, 4)):
                key = (self.dice.choice(["r", "b1", "f1"]), self.dice.choice(["", "shops"]), self.dice.choice(["2025-01-01", "2026-02-01"]))
                if key in seen:
                    continue
                seen.add(key)
                self.rows["fees"].append((fee, key[0], key[1], key[2], self.dice.choice(["area", "household", "persons", "vehicles", "unit"]),
                                          period, self.price(), self.dice.choice(["", "50"])))
        for number, unit in enumerate(self.flats):
            if self.chance(15):
                self.rows["charges"].append((f"c{number}", unit, self.begin + datetime.timedelta(days=self.dice.randrange(-3, 30)),
                                             f"{self.dice.randrange(0, 9_999) / 100:.2f}"))
        items = ["all", "own", "share", "fee", "charge"] + [row[0] for row in self.rows["pools"]]
        for number, row in enumerate(self.rows["occupancies"]):
            if self.chance(20):
                self.rows["reductions"].append((f"r{number}", row[1], self.dice.choice(["", row[0]]), self.dice.choice(items),
                                                self.dice.choice(["12.5", "100", "0.0001", "33.3333"]), "2026-01-01",
                                                self.dice.choice(["", str(self.begin), str(self.end)]), "Li", "2026-01-01", "x"))

    def head(self):
        return "estate,name,utc_offset_minutes,vacant_account\nrandom,R,480,landlord\n"

    COLUMNS = {
        "nodes": "node,parent,kind", "units": "unit,node,kind,area_m2,persons,floor,coefficient,vehicles,group,owner",
        "points": "point,parent,medium,use,unit,tariff", "installs": "point,meter,channel,from,to,multiplier,opening,closing,band",
        "tariffs": "tariff,medium,valid_from,period,tier,upto,price,persons_above,per_person,part_year",
        "tou": "tariff,valid_from,band,price", "invoices": "pool,month,amount,reference",
        "pools": "pool,point,node,basis,share,tariff,source,kind,medium,amount,formula,negative,tolerance_permille,vacant_percent",
        "fees": "fee,node,group,valid_from,basis,period,price,vacant_percent", "charges": "charge,unit,day,amount",
        "reductions": "reduction,account,unit,item,percent,from,to,approved_by,approved_on,why",
        "occupancies": "unit,account,from,to", "carried": "point,year,used", "readings": "meter,channel,at,value,source"}

    def text(self, name):
        return csv_text(self.COLUMNS[name], self.rows[name])

    def files(self):
        for rows in self.rows.values():
            self.dice.shuffle(rows)  # the order of rows never matters
        return {"estate.csv": self.head()} | {f"{name}.csv": self.text(name) for name in self.COLUMNS}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1000)
    options = parser.parse_args()
    for seed in range(options.seed, options.seed + options.count):
        made = Made(seed)
        files = made.make()
        out = {"seed": seed, "month": made.month, "files": files}
        try:
            out["accounts"] = bill_estate.Estate(files).bill(made.month)
        except bill_estate.Refused as why:
            out["refused"] = str(why)
        print(json.dumps(out, ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    main()
