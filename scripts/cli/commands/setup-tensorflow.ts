import type { Command } from 'commander';
import { AppError } from '#lib/errors';
import { prepareTensorflow } from '../../tensorflow/prepare.mjs';
import { action, type CliContext, optionalText } from '../frame';
import { facts } from '../terminal';

const hows = {
  already: 'it worked already',
  cache: 'linked from the user cache',
  official: "the package's own download",
  built: 'fetched as a wheel and compiled',
} as const;

export function registerSetupTensorflow(setup: Command, context: CliContext): void {
  setup
    .command('tensorflow')
    .description('put the native tensor library into the user cache and link it here; needs no database')
    .option('--gpu', 'the library for NVIDIA GPUs with its CUDA libraries (Linux x64, 2.4 GB to fetch)')
    .option('--force', 'fetch and build again, whatever works already')
    .option('--release <version>', 'another TensorFlow than the one that was measured (2.18.1)')
    .addHelpText(
      'after',
      '\nA download that broke is continued. Index, proxy and certificates are those of pip (PIP_INDEX_URL, HTTPS_PROXY, PIP_CERT).\n\nExample:\n  plumbline setup tensorflow',
    )
    .action(
      action(
        context,
        async (given) => {
          const version = optionalText(given, 'release');
          if (version !== undefined && !/^\d+\.\d+\.\d+$/.test(version)) {
            throw new AppError('BAD_INPUT', `--release takes a version such as 2.18.1, not "${version}".`, {
              details: { option: 'release' },
            });
          }
          const result = await prepareTensorflow({
            root: context.root,
            gpu: given.options.gpu === true,
            force: given.options.force === true,
            version,
            log: context.terminal.line,
            progress: context.terminal.progress,
            signal: context.signal,
          });
          context.terminal.endProgress();
          if (context.signal.aborted)
            throw new AppError('CANCELLED', 'Stopped.', { remedy: 'Run it again: a download goes on where it stopped.' });
          if (!result.ready) {
            throw new AppError('UNAVAILABLE', `The native TensorFlow cannot be had: ${result.reason}.`, { remedy: result.remedy });
          }
          return {
            json: { ...result },
            text: facts([
              ['TensorFlow', `${result.library}, ${hows[result.how]}`],
              ['device', result.gpu ? 'GPU' : result.libraryPath === '' ? 'CPU' : 'CPU (the library takes a GPU, and sees none)'],
              ['folder', result.directory ?? 'node_modules'],
              ...(result.libraryPath === '' ? [] : [['LD_LIBRARY_PATH', result.libraryPath] as const]),
            ]),
          };
        },
        { endsItself: true },
      ),
    );
}
