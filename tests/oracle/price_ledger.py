#!/usr/bin/env python3
"""Prices an estate folder from its ledger of the truth, the long way round.

    price_ledger.py DIR [--month 2026-06]

Reads the CSV folder that docs/formats/estate.md describes and DIR/ledger.csv
(meter,channel,at_ms,count), and prints JSON: fen per account, per pool, and in
all. Shares no line with the product: exact fractions, standard library only.
Tests compare the product's bills with this.
"""
import argparse
import csv
import datetime
import json
import pathlib
import sys
from fractions import Fraction


def rows(folder, name, optional=False):
    path = folder / name
    if optional and not path.exists():
        return []
    with open(path, newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def grouped(table, *columns):
    groups = {}
    for row in table:
        groups.setdefault(tuple(row[column] for column in columns), []).append(row)
    return groups


def round_half_away(value):
    whole, rest = divmod(abs(value.numerator) * 2 + value.denominator, value.denominator * 2)
    return whole if value >= 0 else -whole


def split(total, weights):
    """Largest remainder; what is left over goes to the lowest id on a tie."""
    whole = sum(weights.values())
    share = {unit: total * weight // whole for unit, weight in weights.items()}
    by_rest = sorted(weights, key=lambda unit: (-(total * weights[unit] % whole), unit.encode()))
    for unit in by_rest[: total - sum(share.values())]:
        share[unit] += 1
    return share


class Estate:
    def __init__(self, folder):
        self.estate = rows(folder, "estate.csv")[0]
        self.offset = datetime.timedelta(minutes=int(self.estate["utc_offset_minutes"]))
        self.parent_node = {row["node"]: row["parent"] for row in rows(folder, "nodes.csv")}
        self.units = {row["unit"]: row for row in rows(folder, "units.csv")}
        self.points = {row["point"]: row for row in rows(folder, "points.csv")}
        self.points_by_parent = grouped(self.points.values(), "parent")
        self.points_by_unit = grouped(self.points.values(), "unit", "medium")
        self.installs = grouped(rows(folder, "installs.csv"), "point")
        self.tariffs = rows(folder, "tariffs.csv")
        self.pools = rows(folder, "pools.csv")
        self.occupancies = grouped(rows(folder, "occupancies.csv"), "unit")
        self.carried = {(row["point"], int(row["year"])): int(Fraction(row["used"]) * 1000)
                        for row in rows(folder, "carried.csv", optional=True)}
        self.dial = {(row["meter"], row["channel"], int(row["at_ms"])): int(row["count"])
                     for row in rows(folder, "ledger.csv")}
        self.first_ms = min(at for _, _, at in self.dial)

    def midnight_ms(self, day):
        moment = datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.timezone.utc) - self.offset
        return round(moment.timestamp()) * 1000

    def day_of_ms(self, at_ms):
        moment = datetime.datetime.fromtimestamp(at_ms // 1000, datetime.timezone.utc) + self.offset
        return moment.date()

    def used(self, point, begin, end):
        """Wh or litres through the point between two local midnights, multiplier applied."""
        total = 0
        for install in self.installs.get((point,), []):
            since = datetime.date.fromisoformat(install["from"])
            until = datetime.date.fromisoformat(install["to"] or "9999-12-31")
            if since >= end or until <= begin:
                continue
            dial = lambda day: self.dial[install["meter"], install["channel"], self.midnight_ms(day)]
            before = dial(begin) if since <= begin else int(Fraction(install["opening"]) * 1000)
            after = dial(end) if until >= end else int(Fraction(install["closing"]) * 1000)
            multiplier = Fraction(install["multiplier"])
            total += after * multiplier // 1 - before * multiplier // 1
        return total

    def tiers(self, tariff, day):
        valid = [row for row in self.tariffs
                 if row["tariff"] == tariff and datetime.date.fromisoformat(row["valid_from"]) <= day]
        newest = max(row["valid_from"] for row in valid)
        return sorted((row for row in valid if row["valid_from"] == newest), key=lambda row: int(row["tier"]))

    def price(self, tariff, day, quantity, already=0):
        """Fen for `quantity` on top of `already` in the period: one rounding for each tier it touches."""
        fen, low, end = 0, 0, already + quantity
        for tier in self.tiers(tariff, day):
            high = Fraction(tier["upto"]) * 1000 if tier["upto"] else end
            inside = max(Fraction(0), min(Fraction(end), high) - max(already, low))
            fen += round_half_away(inside / 1000 * Fraction(tier["price"]) * 100)
            low = high
        return fen

    def used_this_year(self, point, begin):
        new_year = datetime.date(begin.year, 1, 1)
        first = max(new_year, self.day_of_ms(self.first_ms))
        before_system = self.carried.get((point, begin.year), 0) if first > new_year else 0
        return before_system + (self.used(point, first, begin) if first < begin else 0)

    def units_below(self, node):
        def below(inner):
            while inner and inner != node:
                inner = self.parent_node[inner]
            return inner == node
        return sorted((u for u, row in self.units.items() if below(row["node"])), key=str.encode)

    def payer(self, unit, begin, end):
        for row in self.occupancies.get((unit,), []):
            since = datetime.date.fromisoformat(row["from"])
            until = datetime.date.fromisoformat(row["to"] or "9999-12-31")
            if since < end and until > begin:
                if since > begin or until < end:
                    sys.exit(f"{unit}: somebody moved in or out during the month; this script does not split months")
                return row["account"]
        return self.estate["vacant_account"]

    def bill(self, begin, end):
        used = {point: self.used(point, begin, end) for point in self.points}
        fen = []  # (account, pool or None, fen)
        for point, row in self.points.items():
            if row["use"] == "unit":
                yearly = self.tiers(row["tariff"], begin)[0]["period"] == "year"
                already = self.used_this_year(point, begin) if yearly else 0
                fen.append((self.payer(row["unit"], begin, end), None,
                            self.price(row["tariff"], begin, used[point], already)))
        residuals = {}
        for pool in self.pools:
            point = pool["point"]
            residual = used[point] - sum(used[row["point"]] for row in self.points_by_parent.get((point,), []))
            if -used[point] <= 50 * residual < 0:  # within two in a hundred: meters may differ by as much
                residual = 0
            if residual < 0:
                sys.exit(f"{pool['pool']}: the children of {point} used {-residual} more than it did")
            residuals[pool["pool"]] = residual
            medium = self.points[point]["medium"]
            weights = {}
            for unit in self.units_below(pool["node"]):
                kind, area = self.units[unit]["kind"], self.units[unit]["area_m2"]
                own = sum(used[row["point"]] for row in self.points_by_unit.get((unit, medium), []))
                weights[unit] = {"area": int(Fraction(area) * 10000), "household": int(kind != "parking"),
                                 "usage": own}[pool["basis"]]
            if sum(weights.values()) == 0:
                fen.append((self.estate["vacant_account"], pool["pool"], self.price(pool["tariff"], begin, residual)))
                continue
            if pool["share"] == "quantity":
                shares = {u: self.price(pool["tariff"], begin, q) for u, q in split(residual, weights).items()}
            else:
                shares = split(self.price(pool["tariff"], begin, residual), weights)
            fen += [(self.payer(unit, begin, end), pool["pool"], share) for unit, share in shares.items()]
        return fen, residuals


def sums(pairs):
    total = {}
    for key, fen in pairs:
        total[key] = total.get(key, 0) + fen
    return dict(sorted(total.items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--month", help="2026-06; default: the month the ledger begins in")
    options = parser.parse_args()
    estate = Estate(options.folder)
    begin = (datetime.date.fromisoformat(options.month + "-01") if options.month
             else estate.day_of_ms(estate.first_ms).replace(day=1))
    end = (begin + datetime.timedelta(days=31)).replace(day=1)
    fen, residuals = estate.bill(begin, end)
    accounts = sums((account, amount) for account, _, amount in fen)
    pools = sums((pool, amount) for _, pool, amount in fen if pool)
    print(json.dumps({"month": f"{begin:%Y-%m}", "accounts": accounts,
                      "pools": {pool: {"residual": residuals[pool], "fen": pools[pool]} for pool in sorted(residuals)},
                      "total_fen": sum(accounts.values())}, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
