import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { AppError } from '#lib/errors';

const manifest = z.object({ name: z.string(), version: z.string() });

/** The checkout this program is part of, from its source as from dist/. */
export function findRoot(): { root: string; version: string } {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const file = path.join(folder, 'package.json');
    if (existsSync(file)) {
      const parsed = manifest.safeParse(JSON.parse(readFileSync(file, 'utf8')));
      if (parsed.success && parsed.data.name === 'plumbline') return { root: folder, version: parsed.data.version };
    }
    const above = path.dirname(folder);
    if (above === folder)
      throw new AppError('PRECONDITION', 'The program does not lie in its checkout.', { remedy: 'Run it from where it was installed.' });
    folder = above;
  }
}
