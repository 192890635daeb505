#!/usr/bin/python3
"""A Modbus TCP server by python3-pymodbus that answers like an Eastron SDM630.

  modbus_peer.py PORT UNIT:IMPORT_KWH:EXPORT_KWH...

Serves on 127.0.0.1 the input registers of the vendor's protocol document
(IEEE 754 float, high word first) for each unit; prints `ready`; ends on SIGTERM.
"""
import asyncio
import struct
import sys

from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext, ModbusSparseDataBlock
from pymodbus.server import StartAsyncTcpServer


def words(value):
    return list(struct.unpack(">HH", struct.pack(">f", value)))


def sdm630(imported, exported):
    registers = dict.fromkeys(range(0x0000, 0x0180), 0)
    values = {0x0000: 230.2, 0x0002: 229.9, 0x0004: 231.0, 0x0034: 1151.0, 0x003E: 0.98, 0x0046: 50.02,
              0x0048: imported, 0x004A: exported, 0x0156: imported + exported}
    for first, value in values.items():
        registers[first], registers[first + 1] = words(value)
    return ModbusSlaveContext(ir=ModbusSparseDataBlock(registers), zero_mode=True)


async def serve(port, units):
    context = ModbusServerContext(slaves=units, single=False)
    server = await StartAsyncTcpServer(context=context, address=("127.0.0.1", port), defer_start=True)
    print("ready", flush=True)
    await server.serve_forever()


def main():
    units = {}
    for argument in sys.argv[2:]:
        unit, imported, exported = argument.split(":")
        units[int(unit)] = sdm630(float(imported), float(exported))
    asyncio.run(serve(int(sys.argv[1]), units))


if __name__ == "__main__":
    main()
