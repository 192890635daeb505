// The peer of `./dev bench edge`: the same meters, the same registers, the same second,
// by npm's modbus-serial and mqtt, as such a gateway is usually written. One connection
// and one message per meter; nothing is kept on disk, judged or signed.
//
//   node poll.js MODBUS_PORT UNITS REGISTERS MQTT_PORT FOLDER_OF_CERTIFICATES
//
// Says `ready` when all is connected, and on SIGTERM how many readings were acknowledged.
'use strict';

const fs = require('fs');
const path = require('path');
const ModbusRTU = require('modbus-serial');
const mqtt = require('mqtt');

const [modbusPort, units, registers, mqttPort] = process.argv.slice(2, 6).map(Number);
const folder = process.argv[6];
const pem = (name) => fs.readFileSync(path.join(folder, name));

let acknowledged = 0;
let failed = 0;

async function main() {
  const broker = await mqtt.connectAsync(`mqtts://localhost:${mqttPort}`, {
    ca: pem('ca.pem'),
    cert: pem('observer.pem'),
    key: pem('observer-key.pem'),
  });
  const meters = [];
  for (let unit = 1; unit <= units; ++unit) {
    const client = new ModbusRTU();
    await client.connectTCP('127.0.0.1', { port: modbusPort });
    client.setID(1);
    client.setTimeout(1000);
    meters.push({ unit, client });
  }

  async function poll({ unit, client }, round) {
    try {
      const reply = await client.readHoldingRegisters(0, registers);
      const message = JSON.stringify({ unit, round_at: round, taken_at: Date.now(), values: reply.data });
      await broker.publishAsync(`bench/meters/${unit}`, message, { qos: 1 });
      acknowledged += reply.data.length;
    } catch (error) {
      failed += 1;
    }
  }
  setInterval(() => {
    const round = Date.now();
    for (const meter of meters) poll(meter, round);
  }, 1000);
  process.on('SIGTERM', () => {
    console.log(JSON.stringify({ acknowledged, failed }));
    process.exit(0);
  });
  console.log('ready');
}

main();
