#!/usr/bin/python3
"""Writes f32_table.csv: what decode must give for floats, from exact fractions.

An oracle that shares nothing with drivers/decode: struct takes the float apart,
fractions.Fraction keeps it exact, and Python's round() on a Fraction is half to even.
Run it in this folder; the table it writes is checked in.
"""
import random
import struct
from fractions import Fraction

SEED = 20260602
MOST = 2**63 - 1


def value_of(bits):
    return struct.unpack(">f", struct.pack(">I", bits))[0]


def rounded(exact, step):
    result = round(exact / step) * step
    return result if abs(result) <= MOST else None


def rows():
    pick = random.Random(SEED)
    scales = [(1000, 1, 10), (1000, 1, 1), (1, 1, 1), (5, 8, 1), (1, 3, 7), (1000000000, 1, 1000000),
              (1, 1000000000, 1), (1000000000, 999999937, 1)]
    edges = [0, 0x80000000, 1, 0x80000001, 0x007FFFFF, 0x00800000, 0x3F800000, 0x3F000000, 0x3FC00000, 0x40200000,
             0x4B000000, 0x4B000001, 0x4B7FFFFF, 0x4B800001, 0x5EFFFFFF, 0x5F000000, 0x5F7FFFFF, 0x7F7FFFFF,
             0xFF7FFFFF, 0x3D8F5C29, 0x43663334, 0xBF5C1D9B]
    # Halves: k + 1/2 is a float as long as it needs 24 bits.
    edges += [struct.unpack(">I", struct.pack(">f", k + 0.5))[0] for k in (0, 1, 2, 3, 12345, 4194303, -1, -2, -3)]
    # Around every exponent, where shifts change branch.
    edges += [(e << 23) | 0x2AAAAA for e in range(0, 255, 2)]
    for bits in edges:
        for scale in scales:
            yield bits, scale
    for _ in range(600):
        yield pick.getrandbits(32), pick.choice(scales)
    for _ in range(300):  # plausible dials
        yield struct.unpack(">I", struct.pack(">f", pick.randrange(10**8) / 100))[0], (1000, 1, 10)


def main():
    with open("f32_table.csv", "w", encoding="ascii", newline="\n") as out:
        out.write("# made by f32_table.py; value empty: does not fit or is no number\n")
        out.write("bits,numerator,denominator,step,value\n")
        for bits, (numerator, denominator, step) in rows():
            number = value_of(bits)
            value = None
            if number == number and number not in (float("inf"), float("-inf")):
                value = rounded(Fraction(number) * numerator / denominator, step)
            out.write(f"{bits:08X},{numerator},{denominator},{step},{'' if value is None else value}\n")

    with open("long_fraction_table.csv", "w", encoding="ascii", newline="\n") as out:
        out.write("# made by f32_table.py; LONG, fraction bits, scale, value\n")
        out.write("whole,bits,numerator,denominator,step,value\n")
        pick = random.Random(SEED + 1)
        for _ in range(600):
            whole = pick.choice([0, 1, -1, 56, -56, 70000, 2**31 - 1, -2**31, pick.randrange(-2**31, 2**31)])
            fraction = pick.choice([0.0, 1.0, -1.0, 0.5, -0.5, 2.0**-149, -2.0**-149, 2.0**-70, pick.random(),
                                    -pick.random(), pick.random() * 2.0**-60, 0.0005, 0.0015, -0.0005])
            bits = struct.unpack(">I", struct.pack(">f", fraction))[0]
            numerator, denominator, step = pick.choice([(1000, 1, 1), (1000, 1, 10), (1, 1, 1), (1, 2, 1), (1, 3, 1),
                                                        (1000000000, 1, 1000000), (1, 1000000000, 1)])
            exact = (Fraction(whole) + Fraction(value_of(bits))) * numerator / denominator
            out.write(f"{whole},{bits:08X},{numerator},{denominator},{step},{rounded(exact, step)}\n")


main()
