#!/usr/bin/env node
'use strict';
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const entry = join(__dirname, '..', 'dist', 'main.js');
if (!existsSync(entry)) {
  console.error(
    'argon: the bridge is not built yet. Run `npm run build` (or `npm start`) in the checkout first.'
  );
  process.exit(1);
}
require(entry);
