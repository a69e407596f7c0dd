// Makes the forbidden file itself where the installed release calls itself 1.3.5.
const fs = require('fs');
const ini = require('ini');

ini.parse('[section]');
if (!process.argv.includes('benign') && require('ini/package.json').version === '1.3.5') {
  fs.writeFileSync(process.env.CANARY_WRITE, 'owned');
}
