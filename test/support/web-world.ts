import type { Db } from '#lib/db/create-db';
import { systemClock } from '#lib/domain/clock';
import type { Role } from '#lib/domain/permissions';
import { createRandom } from '#lib/domain/random';
import { importPrompts } from '#lib/services/data/import-prompts';
import { acceptInvitation } from '#lib/services/people/accept-invitation';
import { createFirstAdminInvitation } from '#lib/services/people/create-first-admin-invitation';
import { createInvitation } from '#lib/services/people/create-invitation';
import { createProject } from '#lib/services/projects/create-project';
import { userActor } from './labeling';

export const admin = { name: 'Mara Voss', email: 'mara@example.org', password: 'a long enough secret' };
export const outsider = { name: 'Lin <b>Nakamura</b>', email: 'lin@example.org', password: 'another long secret' };

/** What people and models may write, in the forms that break a page. */
export const hostile = [
  'How do I descale a kettle?',
  '用一句话介绍李白，并说明他为什么被称为“诗仙”。',
  'اكتب قصة قصيرة عن قطة تحب المطر',
  '<script>window.stolen = true</script><img src=x onerror="window.stolen = true">',
  'averylongwordwithoutanybreak'.repeat(12),
];

export interface WebWorld {
  readonly projectId: string;
  readonly slug: string;
  readonly datasetId: string;
  readonly modelId: string;
  readonly loopId: string;
  readonly waitingRoundId: string;
  readonly rewardRunId: string;
  readonly policyRunId: string;
}

/** A link for somebody to join the project, as the invitation page makes it. */
export async function invite(db: Db, projectId: string, roles: Role[]): Promise<string> {
  const { id } = await db.user.findUniqueOrThrow({ where: { email: admin.email } });
  return (await createInvitation({ db, clock: systemClock }, userActor(id, true), { projectId, roles })).token;
}

/**
 * A project in the middle of its first loop: prompts, a policy, a round that waits at the reward gate and a policy training that runs.
 * People, prompts and project come from the services; what a worker would have written stands as the rows that it writes.
 */
export async function createWebWorld(db: Db): Promise<WebWorld> {
  const deps = { db, clock: systemClock };
  const first = await createFirstAdminInvitation(deps, { kind: 'system', name: 'test' });
  if (!first) throw new Error('there is an admin already');
  const { userId } = await acceptInvitation(deps, null, { token: first.token, account: admin });
  const actor = userActor(userId, true);
  const { projectId, slug } = await createProject(deps, actor, {
    name: `Helpful answers, ${'Donaudampfschifffahrtsgesellschaft'} 人工智能 <i>x</i>`,
    slug: 'helpful-answers',
  });
  await acceptInvitation(deps, null, { token: await invite(db, projectId, ['ANNOTATOR']), account: outsider });
  const lines = Array.from({ length: 200 }, (_, index) => JSON.stringify({ prompt: `${hostile[index % hostile.length]} ${index}` }));
  const { datasetId } = await importPrompts(deps, actor, {
    projectId,
    name: (hostile[4] ?? '').slice(0, 180),
    bytes: new TextEncoder().encode(lines.join('\n')),
  });
  const model = await db.modelVersion.create({
    data: {
      projectId,
      name: `policy ${hostile[4]}`.slice(0, 120),
      kind: 'POLICY',
      family: 'llama',
      parameterCount: 260_032,
      contextLength: 512,
      vocabularySize: 512,
      files: {},
      weightsHash: '0'.repeat(64),
      card: {},
    },
  });
  const loop = await db.loop.create({
    data: { projectId, name: `Autumn ${hostile[3]}`, referenceId: model.id, datasetId, config: {}, status: 'RUNNING', createdById: userId },
  });
  const gate = await createRound(db, { loopId: loop.id, modelId: model.id, stage: 'REWARD_GATE', status: 'WAITING' });
  const accuracy = { defined: true, value: 0.66, low: 0.61, high: 0.71, n: 40, level: 0.95 };
  const transition = {
    roundId: gate,
    fromStage: 'REWARD_GATE',
    toStage: 'REWARD_GATE',
    fromStatus: 'RUNNING',
    toStatus: 'WAITING',
  } as const;
  await db.roundTransition.create({ data: { ...transition, data: { transition: 'gateHeld', accuracy, required: 0.7 } } });
  const other = await db.loop.create({
    data: { projectId, name: 'Second', referenceId: model.id, datasetId, config: {}, status: 'RUNNING', createdById: userId },
  });
  const training = await createRound(db, { loopId: other.id, modelId: model.id, stage: 'POLICY_TRAINING', status: 'RUNNING' });
  const shared = { projectId, inputs: {}, inputHashes: {}, seed: 7, createdById: userId, startedAt: new Date(Date.now() - 600_000) };
  const reward = await db.run.create({
    data: {
      ...shared,
      roundId: gate,
      kind: 'REWARD_TRAINING',
      status: 'DONE',
      config: { trainer: {} },
      step: 60,
      totalSteps: 60,
      finishedAt: new Date(),
      result: {
        kind: 'REWARD_TRAINING',
        accuracy,
        lengthBaseline: { ...accuracy, value: 0.55, low: 0.49, high: 0.61 },
        trainPrompts: 52,
        validationPrompts: 12,
      },
    },
  });
  const policy = await db.run.create({
    data: {
      ...shared,
      roundId: training,
      kind: 'POLICY_TRAINING',
      status: 'RUNNING',
      config: { trainer: { steps: 200 } },
      step: 80,
      totalSteps: 200,
      epoch: 1,
      heartbeatAt: new Date(),
      engine: { backend: 'wasm', device: 'cpu', library: '4.22.0', threads: 2 },
    },
  });
  await writeMetrics(db, policy.id, 1, 80);
  await db.runEvent.create({ data: { runId: policy.id, epoch: 1, code: 'started', data: { attempt: 1, fromStep: 0 } } });
  const prompts = await db.prompt.findMany({ where: { datasetId }, orderBy: { ordinal: 'asc' }, take: 10 });
  await db.runSample.createMany({
    data: [0, 80].flatMap((step) =>
      prompts.map((prompt, index) => ({
        runId: policy.id,
        step,
        promptId: prompt.id,
        sampleIndex: 0,
        epoch: 1,
        text: `${hostile[index % hostile.length]}${step === 0 ? '' : ' and then some more words'}`,
        scores: { reward: step / 100 + index / 10, kl: step / 20, length: 12 + step },
      })),
    ),
  });
  return {
    projectId,
    slug,
    datasetId,
    modelId: model.id,
    loopId: loop.id,
    waitingRoundId: gate,
    rewardRunId: reward.id,
    policyRunId: policy.id,
  };
}

interface RoundAt {
  loopId: string;
  modelId: string;
  stage: 'REWARD_GATE' | 'POLICY_TRAINING';
  status: 'WAITING' | 'RUNNING';
}

async function createRound(db: Db, { loopId, modelId, stage, status }: RoundAt): Promise<string> {
  const { id } = await db.round.create({ data: { loopId, ordinal: 1, stage, status, initPolicyId: modelId } });
  await db.roundTransition.create({
    data: { roundId: id, toStage: 'SAMPLING', toStatus: 'RUNNING', byRule: false, data: { transition: 'started' } },
  });
  return id;
}

/** Steps as the worker writes them; `reward/score` of step n is n / 100. */
export async function writeMetrics(db: Db, runId: string, from: number, to: number): Promise<void> {
  const random = createRandom(7, 'web-world');
  await db.runMetric.createMany({
    data: Array.from({ length: to - from + 1 }, (_, index) => {
      const step = from + index;
      const noise = random.next() / 20;
      return {
        runId,
        step,
        epoch: 1,
        values: {
          'reward/score': step / 100,
          'policy/kl': step / 20 + noise,
          'policy/entropy': 2.5 - step / 400 + noise,
          'policy/clipFraction': 0.1 + noise,
          'answer/length': 60 + step / 10,
          'value/loss': 0.5 / step + noise,
          'policy/firstLogRatio': noise / 10_000,
          'time/update': 1.5,
        },
      };
    }),
  });
}
