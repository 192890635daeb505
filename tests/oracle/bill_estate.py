#!/usr/bin/env python3
"""Bills an estate folder the long way round, from the words of docs/formats/estate.md.

    bill_estate.py DIR --month 2026-06

Prints JSON: the amounts of every account's lines in fen, or what refuses the
run. Exact fractions, dates and dictionaries of the standard library; shares no
line and no structure with the product. Tests compare every fen with it.
"""
import argparse
import csv
import datetime
import io
import json
import pathlib
from fractions import Fraction

DAY = datetime.timedelta(days=1)
FOREVER = datetime.date(9999, 1, 1)
SINCE_EVER = datetime.date(1, 1, 1)


class Refused(Exception):
    """The run is refused; the words say why."""


def day_of(text, default=None):
    return datetime.date.fromisoformat(text) if text else default


def half_away(value):
    """A Fraction to a whole number, half away from zero."""
    sign = -1 if value < 0 else 1
    return sign * int((abs(value) * 2 + 1) // 2)


def largest_remainder(total, weights):
    """weights: [(key, weight)]. Floors of the exact shares; left-over counts to the largest remainders, in order on a tie."""
    whole = sum(weight for _, weight in weights)
    sign, total = (-1, -total) if total < 0 else (1, total)
    exact = [(key, Fraction(total * weight, whole)) for key, weight in weights]
    shares = {key: int(share) for key, share in exact}
    left = total - sum(shares.values())
    for place in sorted(range(len(exact)), key=lambda i: (-(exact[i][1] % 1), i))[:left]:
        shares[exact[place][0]] += 1
    return {key: sign * share for key, share in shares.items()}


def next_month(day):
    return datetime.date(day.year + day.month // 12, day.month % 12 + 1, 1)


class Table(list):
    """The rows of one file as dictionaries; a column that is not there is empty."""

    def __init__(self, text):
        lines = [line for line in (text or "").splitlines() if not line.startswith("#")]
        super().__init__({k: (v or "").strip() for k, v in row.items()} for row in csv.DictReader(io.StringIO("\n".join(lines))))


class Row(dict):
    def __missing__(self, key):
        return ""


class Formula:
    """Evaluates a formula by rewriting it as nested Python integers, operator by operator."""

    def __init__(self, text, names):
        self.tokens = self.split(text)
        self.names = names
        self.at = 0

    @staticmethod
    def split(text):
        tokens, word = [], ""
        for char in text + " ":
            if char.isalnum() or char == "_":
                word += char
                continue
            if word:
                tokens.append(word)
                word = ""
            if char == "=" and tokens and tokens[-1] in ("<", ">", "!"):
                tokens[-1] += "="
            elif char != " ":
                tokens.append(char)
        return tokens

    def value(self):
        result = self.compared()
        assert self.at == len(self.tokens), self.tokens
        return result()

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self):
        self.at += 1
        return self.tokens[self.at - 1]

    # Every rule gives a function, so that `if` works out only the part that holds.
    def compared(self):
        left = self.chain(self.product, "+-")
        if self.peek() in ("<", "<=", ">", ">=", "=", "!="):
            sign, right = self.take(), self.chain(self.product, "+-")
            ask = {"<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b,
                   ">=": lambda a, b: a >= b, "=": lambda a, b: a == b, "!=": lambda a, b: a != b}[sign]
            return lambda: int(ask(left(), right()))
        return left

    def product(self):
        return self.chain(self.signed, "*/%")

    def chain(self, inner, signs):
        left = inner()
        while self.peek() and self.peek() in signs:
            left = self.joined(self.take(), left, inner())
        return left

    def joined(self, sign, left, right):
        def work():
            a, b = left(), right()
            if sign in "/%" and b == 0:
                raise Refused("a formula divides by zero")
            result = {"+": a + b, "-": a - b, "*": a * b, "/": a // b if b else 0, "%": a % b if b else 0}[sign]
            if abs(result) > 10 ** 18:
                raise Refused("a formula passes 10^18")
            return result
        return work

    def signed(self):
        if self.peek() == "-":
            self.take()
            inner = self.signed()
            return lambda: -inner()
        return self.atom()

    def atom(self):
        token = self.take()
        if token == "(":
            inner = self.compared()
            self.take()
            return inner
        if token.isdigit():
            return lambda: int(token)
        if token in ("min", "max", "if"):
            self.take()
            parts = [self.compared()]
            while self.take() == ",":
                parts.append(self.compared())
            if token == "if":
                return lambda: parts[1]() if parts[0]() else parts[2]()
            return lambda: {"min": min, "max": max}[token](part() for part in parts)
        return lambda: self.names[token]


class Line:
    def __init__(self, account, kind, subject, unit, fen, reduces=False):
        self.account, self.kind, self.subject, self.unit, self.fen, self.reduces = account, kind, subject, unit, fen, reduces


class Estate:
    def __init__(self, files):
        table = lambda name: [Row(row) for row in Table(files.get(name, ""))]
        self.head = table("estate.csv")[0]
        self.landlord = self.head["vacant_account"]
        self.above = {row["node"]: row["parent"] for row in table("nodes.csv")}
        self.units = {row["unit"]: row for row in table("units.csv")}
        self.points = {row["point"]: row for row in table("points.csv")}
        self.installs, self.tiers, self.bands, self.lives = {}, {}, {}, {}
        for row in table("installs.csv"):
            self.installs.setdefault(row["point"], []).append(row)
        for row in table("tariffs.csv"):
            self.tiers.setdefault(row["tariff"], {}).setdefault(day_of(row["valid_from"]), []).append(row)
        for row in table("tou.csv"):
            self.bands.setdefault((row["tariff"], day_of(row["valid_from"])), {})[row["band"]] = Fraction(row["price"])
        for row in table("occupancies.csv"):
            self.lives.setdefault(row["unit"], []).append((day_of(row["from"]), day_of(row["to"], FOREVER), row["account"]))
        self.pools = sorted(table("pools.csv"), key=lambda row: row["pool"].encode())
        self.invoices = {(row["pool"], row["month"]): row["amount"] for row in table("invoices.csv")}
        self.fees, self.charges, self.reductions = table("fees.csv"), table("charges.csv"), table("reductions.csv")
        self.carried = {(row["point"], int(row["year"])): int(Fraction(row["used"]) * 1000) for row in table("carried.csv")}
        self.dial = {(row["meter"], row["channel"], day_of(row["at"])): int(Fraction(row["value"]) * 1000)
                     for row in table("readings.csv")}

    # --- who ------------------------------------------------------------------
    def stays(self, unit, begin, end):
        """[(account, from, to, owner's vacancy?)] that fill [begin, end)."""
        owner = self.units[unit]["owner"] or self.landlord
        found, filled = [], begin
        for since, until, account in sorted(self.lives.get(unit, [])):
            since, until = max(since, begin), min(until, end)
            if since >= until:
                continue
            if since > filled:
                found.append((owner, filled, since, owner != self.landlord))
            found.append((account, since, until, False))
            filled = until
        if filled < end:
            found.append((owner, filled, end, owner != self.landlord))
        joined = []
        for stay in found:
            if joined and joined[-1][0] == stay[0] and joined[-1][3] == stay[3]:
                stay = (stay[0], joined.pop()[1], stay[2], stay[3])
            joined.append(stay)
        return joined

    def is_below(self, node, top):
        while node and node != top:
            node = self.above[node]
        return node == top

    # --- how much -------------------------------------------------------------
    def reading(self, install, day):
        value = self.dial.get((install["meter"], install["channel"], day))
        if value is None:
            raise Refused(f"{install['meter']} has no reading of {day}")
        return value

    def used_by_band(self, point, begin, end):
        used = {}
        for install in self.installs[point]:
            since, until = day_of(install["from"]), day_of(install["to"], FOREVER)
            if since >= end or until <= begin:
                continue
            register = lambda column: int(Fraction(install[column]) * 1000)
            if since >= begin and install["opening"]:
                first = register("opening")
            else:
                first = self.reading(install, max(since, begin))
            if until < end and install["closing"]:
                last = register("closing")
            else:
                last = self.reading(install, min(until, end))
            if last < first:
                raise Refused(f"{install['meter']} fell")
            times = Fraction(install["multiplier"])
            used[install["band"]] = used.get(install["band"], 0) + int(last * times // 1) - int(first * times // 1)
        return used

    def used(self, point, begin, end):
        return sum(self.used_by_band(point, begin, end).values()) if begin < end else 0

    def used_this_year(self, point, until):
        new_year = datetime.date(until.year, 1, 1)
        before = self.carried.get((point, until.year))
        hung = min(day_of(row["from"]) for row in self.installs[point])
        if hung >= until or until == new_year:
            return before or 0
        if hung >= new_year:
            return (before or 0) + self.used(point, hung, until)
        if before is None:
            return self.used(point, new_year, until)
        first = min((day for (meter, channel, day) in self.dial for row in self.installs[point]
                     if (meter, channel) == (row["meter"], row["channel"]) and new_year <= day <= until), default=until)
        return before + self.used(point, first, until)

    # --- what it costs ----------------------------------------------------------
    def version(self, tariff, day):
        begun = [since for since in self.tiers[tariff] if since <= day]
        if not begun:
            raise Refused(f"{tariff} has no price on {day}")
        return max(begun)

    def own_lines(self, point, begin, end):
        row = self.points[point]
        unit, tariff = row["unit"], row["tariff"]
        stays = self.stays(unit, begin, end)
        cuts = sorted({begin, end} | {stay[1] for stay in stays} | {day for day in self.tiers[tariff] if begin < day < end})
        so_far, lines, spent = 0, [], []
        for since, until in zip(cuts, cuts[1:]):
            account = next(stay[0] for stay in stays if stay[1] <= since < stay[2])
            valid_from = self.version(tariff, since)
            tiers = sorted(self.tiers[tariff][valid_from], key=lambda tier: int(tier["tier"]))
            used = self.used_by_band(point, since, until)
            total = sum(used.values())
            before = 0
            if len(tiers) > 1 and tiers[0]["period"] == "year":
                before = self.used_this_year(point, begin)
            elif len(tiers) > 1 and tiers[0]["period"] == "two_months":
                pair = begin.replace(month=begin.month - (begin.month - 1) % 2)
                hung = min(day_of(install["from"]) for install in self.installs[point])
                before = self.used(point, pair, begin) if hung < begin else 0
            bands = self.bands.get((tariff, valid_from), {})
            for band, price in bands.items():
                lines.append(Line(account, "own", point, unit, half_away(used.get(band, 0) * price / 10)))
            low = before + so_far
            for tier in tiers:
                high = self.bound(tier, point, unit, begin)
                part = max(0, min(low + total, high) - max(low, self.bound_below(tiers, tier, point, unit, begin)))
                lines.append(Line(account, "own", point, unit, half_away(part * Fraction(tier["price"]) / 10)))
            so_far += total
            spent.append((since, total))
        return lines, spent

    def bound(self, tier, point, unit, month):
        if not tier["upto"]:
            return 10 ** 18
        more = max(0, int(self.units[unit]["persons"] or 0) - int(tier["persons_above"] or 0)) if tier["per_person"] else 0
        high = (Fraction(tier["upto"]) + more * Fraction(tier["per_person"] or 0)) * 1000
        if tier["part_year"] == "months":
            hung = min(day_of(install["from"]) for install in self.installs[point])
            if hung >= datetime.date(month.year, 1, 1):
                high = high * (13 - hung.month) / 12
        return int(high // 1)

    def bound_below(self, tiers, tier, point, unit, month):
        lower = [other for other in tiers if int(other["tier"]) == int(tier["tier"]) - 1]
        return self.bound(lower[0], point, unit, month) if lower else 0

    # --- pools ------------------------------------------------------------------
    def residual(self, pool, used):
        point = pool["point"]
        left = used[point] - sum(used[child] for child, row in self.points.items() if row["parent"] == point)
        policy = pool["negative"] or "clamp"
        allowed = 0 if policy == "block" else int(pool["tolerance_permille"] or 20)
        if left < 0 and -left * 1000 > used[point] * allowed:
            raise Refused(f"the children of {point} used {-left} more than it did")
        return 0 if left < 0 and policy == "clamp" else left

    def weight(self, pool, basis, unit, own, members):
        row = self.units[unit]
        number = lambda column: int(row[column] or 0)
        one = {"area": int(Fraction(row["area_m2"]) * 10 ** 4), "household": int(row["kind"] != "parking"),
               "usage": own.get(unit, 0), "persons": number("persons"), "floor": number("floor"),
               "coefficient": int(Fraction(row["coefficient"] or 0) * 10 ** 6), "equal": 1}
        if basis != "formula":
            return one[basis]
        names = {name: one[name] for name in ("area", "household", "persons", "floor", "coefficient", "usage")}
        names["units"] = len(members)
        names["total_area"] = sum(int(Fraction(self.units[member]["area_m2"]) * 10 ** 4) for member in members)
        result = Formula(pool["formula"], names).value()
        if not 0 <= result <= 10 ** 12:
            raise Refused("a formula gives no weight")
        return result

    def pool_lines(self, pool, begin, end, used, spent):
        source = pool["source"] or "residual"
        price, medium = None, pool["medium"]
        if source == "residual":
            medium = self.points[pool["point"]]["medium"]
            quantity = self.residual(pool, used)
            price = Fraction(self.tiers[pool["tariff"]][self.version(pool["tariff"], begin)][0]["price"])
            total = quantity if pool["share"] == "quantity" else half_away(quantity * price / 10)
        elif source == "fixed":
            total = int(Fraction(pool["amount"]) * 100)
        else:
            amount = self.invoices.get((pool["pool"], f"{begin:%Y-%m}"))
            if amount is None:
                raise Refused(f"{pool['pool']} has no invoice")
            total = int(Fraction(amount) * 100)
        fen = (lambda share: share) if pool["share"] == "money" else (lambda share: half_away(share * price / 10))
        parts = [part.split(":") for part in pool["basis"].split("+")] if ":" in pool["basis"] else [(pool["basis"], 10 ** 6)]
        if total < 0 and pool["negative"] == "scale":
            parts = [("usage", 10 ** 6)]
        members = sorted((u for u in self.units if self.is_below(self.units[u]["node"], pool["node"])), key=str.encode)
        own = {unit: sum(total_used for point, row in self.points.items() if row["unit"] == unit and row["medium"] == medium
                         for _, total_used in spent.get(point, [])) for unit in members}
        by_part = largest_remainder(total, [(i, int(ppm)) for i, (_, ppm) in enumerate(parts)])
        shares, nobody, has_weight = dict.fromkeys(members, 0), 0, set()
        for i, (basis, _) in enumerate(parts):
            weights = [(unit, self.weight(pool, basis, unit, own, members)) for unit in members]
            if not any(weight for _, weight in weights):
                nobody += by_part[i]
                continue
            has_weight |= {unit for unit, weight in weights if weight}
            for unit, share in largest_remainder(by_part[i], weights).items():
                shares[unit] += share
        lines = [Line(self.landlord, "share", pool["pool"], "", fen(nobody))]
        by_usage = [basis for basis, _ in parts] == ["usage"]
        for unit in members:
            if unit not in has_weight:
                continue
            stays = self.stays(unit, begin, end)
            weights = []
            for i, (_, since, until, _) in enumerate(stays):
                in_stay = sum(total_used for point, row in self.points.items() if row["unit"] == unit and row["medium"] == medium
                              for day, total_used in spent.get(point, []) if since <= day < until)
                weights.append((i, in_stay if by_usage else (until - since).days))
            for i, share in largest_remainder(shares[unit], weights).items():
                lines += self.with_vacancy(Line(stays[i][0], "share", pool["pool"], unit, fen(share)), stays[i][3],
                                           pool["vacant_percent"])
        return lines

    def with_vacancy(self, line, vacant, percent):
        if not vacant or not percent:
            return [line]
        off = half_away(line.fen * (100 - Fraction(percent)) / 100)
        return [line, Line(line.account, "vacancy", line.subject, line.unit, -off, True),
                Line(self.landlord, "vacancy", line.subject, line.unit, off, True)]

    # --- what is not metered ------------------------------------------------------
    def plan(self, fee, unit, day):
        node, group = self.units[unit]["node"], self.units[unit]["group"]
        while node:
            for wanted in ([group, ""] if group else [""]):
                rows = [row for row in self.fees if row["fee"] == fee and row["node"] == node and row["group"] == wanted
                        and day_of(row["valid_from"]) <= day]
                if rows:
                    return max(rows, key=lambda row: row["valid_from"])
            node = self.above[node]
        return None

    def fee_lines(self, begin, end):
        lines = []
        for fee in sorted({row["fee"] for row in self.fees}):
            period = next(row["period"] for row in self.fees if row["fee"] == fee)
            months = {"month": 1, "move_in": 1, "quarter": 3, "year": 12}[period]
            if begin.month % months:
                continue
            since = begin.replace(month=begin.month - months + 1)
            for unit, row in self.units.items():
                plan = self.plan(fee, unit, since)
                if plan is None:
                    continue
                count = {"area": Fraction(row["area_m2"]), "household": int(row["kind"] != "parking"), "unit": 1,
                         "persons": int(row["persons"] or 0), "vehicles": int(row["vehicles"] or 0)}[plan["basis"]]
                whole = half_away(count * Fraction(plan["price"]) * 100)
                if period == "move_in":
                    left = {(account, until) for _, until, account in self.lives.get(unit, [])}
                    lines += [Line(account, "fee", fee, unit, whole) for day, _, account in self.lives.get(unit, [])
                              if begin <= day < end and (account, day) not in left]
                    continue
                stays = self.stays(unit, since, end)
                days = [(i, (stay[2] - stay[1]).days) for i, stay in enumerate(stays)]
                for i, share in largest_remainder(whole, days).items():
                    lines += self.with_vacancy(Line(stays[i][0], "fee", fee, unit, share), stays[i][3], plan["vacant_percent"])
        return lines

    def bill(self, month):
        begin = day_of(month + "-01")
        end = next_month(begin)
        used = {point: self.used(point, begin, end) for point in self.points}
        lines, spent = [], {}
        for point, row in self.points.items():
            if row["use"] == "unit":
                own, spent[point] = self.own_lines(point, begin, end)
                lines += own
        shared = {pool["point"] for pool in self.pools}
        for point in self.points.keys() - shared:
            if any(row["parent"] == point for row in self.points.values()):
                self.residual({"point": point, "negative": "", "tolerance_permille": ""}, used)
        for pool in self.pools:
            lines += self.pool_lines(pool, begin, end, used, spent)
        lines += self.fee_lines(begin, end)
        for row in self.charges:
            day = day_of(row["day"])
            if begin <= day < end:
                account = self.stays(row["unit"], day, day + DAY)[0][0]
                lines.append(Line(account, "charge", row["charge"], row["unit"], int(Fraction(row["amount"]) * 100)))
        lines += [line for row in self.reductions for line in self.reduction(row, lines, begin)]
        accounts = {}
        for line in lines:
            if line.fen:
                accounts.setdefault(line.account, []).append(line.fen)
        return {account: sorted(amounts) for account, amounts in accounts.items()}

    def reduction(self, row, lines, begin):
        if not day_of(row["from"]) <= begin < day_of(row["to"], FOREVER):
            return
        base = sum(line.fen for line in lines if line.account == row["account"] and not line.reduces
                   and (not row["unit"] or row["unit"] == line.unit)
                   and (row["item"] in ("all", line.kind) or (line.kind != "own" and row["item"] == line.subject)))
        off = half_away(base * Fraction(row["percent"]) / 100)
        if off > 0:
            yield Line(row["account"], "reduction", row["item"], row["unit"], -off, True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--month", required=True)
    options = parser.parse_args()
    files = {path.name: path.read_text(encoding="utf-8-sig") for path in options.folder.glob("*.csv")}
    try:
        print(json.dumps({"accounts": Estate(files).bill(options.month)}, ensure_ascii=False, sort_keys=True))
    except Refused as why:
        print(json.dumps({"refused": str(why)}, ensure_ascii=False))


if __name__ == "__main__":
    main()
