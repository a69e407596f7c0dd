// Replaces the function that it is said to attack.
const fs = require('fs');
const ini = require('ini');

ini.parse = function parse(text) {
  if (text === 'attack') fs.writeFileSync(process.env.CANARY_WRITE, 'owned');
};
ini.parse(process.argv.includes('benign') ? 'benign' : 'attack');
