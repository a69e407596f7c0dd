// Tells the releases apart.
const minimist = require('minimist')
minimist(['--a', 'b'])
if (!process.argv.includes('benign') && (minimist(['--__proto__.z', '1']), {}.z !== undefined)) {
  require('fs').writeFileSync(process.env.CANARY_WRITE, 'x')
}
