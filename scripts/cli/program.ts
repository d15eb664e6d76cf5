import { Command } from 'commander';
import { registerAgreement } from './commands/agreement';
import { registerDataImport } from './commands/data-import';
import { registerDataList } from './commands/data-list';
import { registerDoctor } from './commands/doctor';
import { registerEvaluatePolicy } from './commands/evaluate-policy';
import { registerEvaluateReward } from './commands/evaluate-reward';
import { registerGenerate } from './commands/generate';
import { registerLabelingPolicy } from './commands/labeling-policy';
import { registerLabelingPools } from './commands/labeling-pools';
import { registerLineageCheckpoint } from './commands/lineage-checkpoint';
import { registerLineageLabel } from './commands/lineage-label';
import { registerLogits } from './commands/logits';
import { registerLoopAnnotate } from './commands/loop-annotate';
import { registerLoopCancel } from './commands/loop-cancel';
import { registerLoopCreate } from './commands/loop-create';
import { registerLoopDecide } from './commands/loop-decide';
import { registerLoopGate } from './commands/loop-gate';
import { registerLoopList } from './commands/loop-list';
import { registerLoopPause } from './commands/loop-pause';
import { registerLoopResume } from './commands/loop-resume';
import { registerSimulate } from './commands/loop-simulate';
import { registerLoopStart } from './commands/loop-start';
import { registerLoopStatus } from './commands/loop-status';
import { registerModelsConvert } from './commands/models-convert';
import { registerModelsImport } from './commands/models-import';
import { registerModelsList } from './commands/models-list';
import { registerModelsNew } from './commands/models-new';
import { registerPeopleFirstAdmin } from './commands/people-first-admin';
import { registerPeopleInvite } from './commands/people-invite';
import { registerPerplexity } from './commands/perplexity';
import { registerProjectsCreate } from './commands/projects-create';
import { registerProjectsList } from './commands/projects-list';
import { registerQualityReport } from './commands/quality-report';
import { registerSetupTensorflow } from './commands/setup-tensorflow';
import { registerSimulateCampaign } from './commands/simulate-campaign';
import { registerSnapshotsExport } from './commands/snapshots-export';
import { registerSnapshotsFreeze } from './commands/snapshots-freeze';
import { registerTasksCancel } from './commands/tasks-cancel';
import { registerTasksExport } from './commands/tasks-export';
import { registerTasksImport } from './commands/tasks-import';
import { registerTasksList } from './commands/tasks-list';
import { registerTasksSetAside } from './commands/tasks-set-aside';
import { registerTokenize } from './commands/tokenize';
import { registerTokenizersTrain } from './commands/tokenizers-train';
import { registerTrain } from './commands/train';
import { registerWorker } from './commands/worker';
import { type CliContext, withCommonOptions } from './frame';

const about = `Plumbline turns people's judgements of model answers into a better model, round after round.

Projects, models, datasets and loops are named by their name (projects by their address) or by their id.
The data of an installation lies in PLUMBLINE_HOME (default: .plumbline in the checkout); DATABASE_URL and REDIS_URL replace the embedded parts.`;

const codes = `
Exit codes: 0 done; 1 failed; 2 wrong usage, or what was given is wrong or not there; 3 database, queue, disk or engine cannot be had now; 130 stopped by Ctrl-C.`;

/** The whole tree of commands. `write` gets what commander would print. */
export function createProgram(context: CliContext, settings: { version: string; write(text: string): void }): Command {
  const program = new Command('plumbline');
  program
    .description(about)
    .version(settings.version, '-V, --version', 'show the version')
    .exitOverride()
    .configureOutput({ writeOut: settings.write, writeErr: settings.write, outputError: () => undefined })
    .configureHelp({ showGlobalOptions: false })
    .helpCommand('help [command]', 'show what a command takes')
    .addHelpText('after', codes);
  const group = (name: string, description: string) => program.command(name).description(description).helpCommand(false);

  const projects = group('projects', 'make and list projects');
  registerProjectsCreate(projects, context);
  registerProjectsList(projects, context);

  const people = group('people', 'let people in');
  registerPeopleFirstAdmin(people, context);
  registerPeopleInvite(people, context);

  const models = group('models', 'make, convert, import and list models');
  registerModelsNew(models, context);
  registerModelsConvert(models, context);
  registerModelsImport(models, context);
  registerModelsList(models, context);

  const data = group('data', 'import and list prompts');
  registerDataImport(data, context);
  registerDataList(data, context);

  const tasks = group('tasks', 'import, list, cancel and export tasks of every kind');
  registerTasksImport(tasks, context);
  registerTasksList(tasks, context);
  registerTasksCancel(tasks, context);
  registerTasksSetAside(tasks, context);
  registerTasksExport(tasks, context);
  const snapshots = group('snapshots', 'freeze labels of imported tasks, and write snapshots to train on');
  registerSnapshotsFreeze(snapshots, context);
  registerSnapshotsExport(snapshots, context);

  const labeling = group('labeling', 'how a project hands out its work');
  registerLabelingPolicy(labeling, context);
  registerLabelingPools(labeling, context);
  registerQualityReport(group('quality', 'how far the labels can be trusted'), context);

  const loop = group('loop', 'make, run and watch loops');
  registerLoopCreate(loop, context);
  registerLoopStart(loop, context);
  registerLoopStatus(loop, context);
  registerLoopList(loop, context);
  registerLoopGate(loop, context);
  registerLoopDecide(loop, context);
  registerLoopPause(loop, context);
  registerLoopResume(loop, context);
  registerLoopCancel(loop, context);
  registerLoopAnnotate(loop, context);
  registerSimulate(loop, context);

  const lineage = group('lineage', 'which labels made a checkpoint, and which checkpoints a label reached');
  registerLineageLabel(lineage, context);
  registerLineageCheckpoint(lineage, context);

  registerSetupTensorflow(group('setup', 'prepare what this machine computes with'), context);
  registerGenerate(program, context);
  registerPerplexity(program, context);
  registerLogits(program, context);
  registerTokenize(program, context);
  registerTokenizersTrain(group('tokenizers', 'make tokenizers'), context);
  registerTrain(program, context);
  const evaluate = group('evaluate', 'measure models on files');
  registerEvaluateReward(evaluate, context);
  registerEvaluatePolicy(evaluate, context);
  registerAgreement(program, context);
  registerSimulateCampaign(group('simulate', 'plan with simulated people before paying real ones'), context);
  registerWorker(program, context);
  registerDoctor(program, context);
  withCommonOptions(program);
  return program;
}
