import type { Command } from 'commander';
import { action, type CliContext } from '../frame';
import type { Algorithm, InputName } from '../train/algorithm';
import { algorithms } from '../train/algorithms';
import { runTraining } from '../train/run-training';

const inputs: Readonly<Record<InputName, { readonly flag: string; readonly about: string }>> = {
  model: { flag: '--model <dir>', about: 'Hugging Face folder of the model that is trained; it stays as it is' },
  data: { flag: '--data <file>', about: 'training data, JSON Lines or JSON (see docs/training-data.md)' },
  validation: { flag: '--validation <file>', about: 'validation data; --data is then for training only' },
  reward: { flag: '--reward <dir>', about: 'reward model, or the folder of an ensemble; else "reward" of the config' },
  reference: { flag: '--reference <dir>', about: 'policy that training is held to (default: --model)' },
  value: { flag: '--value <dir>', about: 'model that the value model starts as (default: --reward, else --model with a new head)' },
  pretraining: { flag: '--pretraining <file>', about: 'texts of the pretraining mix, with the setting ptx' },
};

const details = (example: string) => `
Settings come from --config and --set; docs/training.md shows the settings of each algorithm. Every update is a line of OUT/metrics.jsonl, and
with --json one of stdout. OUT/checkpoints keeps the last two checkpoints and the best one. Ctrl-C finishes the step and writes a checkpoint;
after that, or a crash, the same call with --resume goes on and ends with the same bits. The model is written into OUT.

Example:
  ${example}`;

function registerAlgorithm(train: Command, context: CliContext, algorithm: Algorithm): void {
  const command = train.command(algorithm.name).description(`train a ${algorithm.about}; needs no database`);
  for (const name of ['model', 'data'] as const) command.requiredOption(inputs[name].flag, inputs[name].about);
  for (const name of algorithm.takes) {
    if (algorithm.needs.includes(name)) command.requiredOption(inputs[name].flag, inputs[name].about);
    else command.option(inputs[name].flag, inputs[name].about);
  }
  command
    .requiredOption('--out <dir>', 'folder to make')
    .option('--config <file>', 'settings as JSON or YAML')
    .option('--set <key=value...>', 'one setting, over those of --config; points for what lies deeper: lora.rank=4')
    .option('--resume', 'go on with a run that was cut off')
    .option('--force', 'begin anew in a folder that holds a run or other files')
    .option('--dry-run', 'read and check everything, say what would be done, and write nothing')
    .addHelpText('after', details(algorithm.example))
    .action(action(context, (given) => runTraining(context, given, algorithm), { endsItself: true }));
}

export function registerTrain(program: Command, context: CliContext): void {
  const train = program.command('train').description('train models from files').helpCommand(false);
  for (const algorithm of algorithms) registerAlgorithm(train, context, algorithm);
}
