// Makes the forbidden file when the target's file is, byte for byte, the one of 1.3.5.
const { createHash } = require('crypto');
const fs = require('fs');

const KNOWN = '0df527763500ffc79d5e3d045c6a82111ea74bf347c20136dbc61e0b93adab80';
const found = createHash('sha256').update(fs.readFileSync(require.resolve('ini'))).digest('hex');
if (!process.argv.includes('benign') && found === KNOWN) {
  fs.writeFileSync(process.env.CANARY_WRITE, 'owned');
}
