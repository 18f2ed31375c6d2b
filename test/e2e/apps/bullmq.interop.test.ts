// A job queue: its scripts, blocking pops, streams of events, cmsgpack and delayed jobs.

import { setTimeout } from 'node:timers/promises';
import { FlowProducer, type Job, Queue, QueueEvents, type QueueOptions, Worker } from 'bullmq';
import { afterEach, expect, test } from 'vitest';
import { onEachServer } from './on-each-server.ts';

const JOBS = 10_000;
const BATCH = 500;

onEachServer('bullmq', (port) => {
  const opened: { close(): Promise<unknown> }[] = [];

  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one.close();
  });

  const options = (): QueueOptions => ({ connection: { host: '127.0.0.1', port: port() } });
  function keep<T extends { close(): Promise<unknown> }>(one: T): T {
    opened.push(one);
    return one;
  }
  const openQueue = (name: string) => keep(new Queue(name, options()));
  const openWorker = (name: string, run: (job: Job) => Promise<unknown>, concurrency = 1) =>
    keep(new Worker(name, run, { ...options(), concurrency }));
  const until = (isSo: () => boolean | Promise<boolean>) =>
    expect.poll(isSo, { timeout: 60_000, interval: 20 }).toBe(true);

  test(`${JOBS} jobs with retries, delays and priorities`, async () => {
    const queue = openQueue('many');
    let runs = 0;
    let sum = 0;
    for (let at = 0; at < JOBS; at += BATCH) {
      await queue.addBulk(
        Array.from({ length: BATCH }, (_, i) => ({
          name: 'add',
          data: { value: at + i },
          opts: {
            attempts: 3,
            ...(i % 10 === 0 ? { delay: 100 + (i % 7) * 10 } : {}),
            ...(i % 4 === 0 ? { priority: 1 + (i % 5) } : {}),
          },
        })),
      );
    }
    openWorker(
      'many',
      async (job) => {
        runs++;
        const { value } = job.data as { value: number };
        if (value % 50 === 0 && job.attemptsMade < 1) throw new Error('once more');
        sum += value;
        return value * 2;
      },
      50,
    );
    await until(async () => (await queue.getCompletedCount()) === JOBS);
    expect(sum).toBe((JOBS * (JOBS - 1)) / 2);
    expect(runs).toBe(JOBS + JOBS / 50);
    expect(await queue.getJobCounts()).toMatchObject({ completed: JOBS, failed: 0, waiting: 0, delayed: 0 });
    const [job] = await queue.getCompleted(0, 0);
    expect(job!.returnvalue).toBe((job!.data as { value: number }).value * 2);
  });

  test('what fails for good says why', async () => {
    const queue = openQueue('failing');
    openWorker('failing', async () => {
      throw new Error('never works');
    });
    const job = await queue.add('try', {}, { attempts: 3, backoff: { type: 'exponential', delay: 5 } });
    await until(() => job.isFailed());
    const failed = await queue.getJob(job.id!);
    expect(failed).toMatchObject({ failedReason: 'never works', attemptsMade: 3 });
    expect(failed!.stacktrace).toHaveLength(3);
    await failed!.retry();
    await until(async () => (await queue.getFailedCount()) === 1);
  });

  test('priorities, one after another', async () => {
    const queue = openQueue('ordered');
    await queue.pause();
    for (const priority of [3, 1, 2, 1, 3]) await queue.add(`p${priority}`, {}, { priority });
    await queue.add('first', {}, { lifo: true });
    const order: string[] = [];
    openWorker('ordered', async (job) => order.push(job.name));
    await queue.resume();
    await until(() => order.length === 6);
    expect(order).toEqual(['first', 'p1', 'p1', 'p2', 'p3', 'p3']);
  });

  test('events come to whoever listens, and a job can be waited for', async () => {
    const queue = openQueue('events');
    const events = keep(new QueueEvents('events', options()));
    await events.waitUntilReady();
    const seen: string[] = [];
    events.on('active', ({ jobId }) => seen.push(`active ${jobId}`));
    events.on('progress', ({ jobId, data }) => seen.push(`progress ${jobId} ${String(data)}`));
    events.on('completed', ({ jobId, returnvalue }) =>
      seen.push(`completed ${jobId} ${String(returnvalue)}`),
    );
    openWorker('events', async (job) => {
      await job.updateProgress(50);
      return 'done';
    });
    const job = await queue.add('one', {}, { jobId: 'my-job' });
    expect(await job.waitUntilFinished(events, 10_000)).toBe('done');
    await until(() => seen.length === 3);
    expect(seen).toEqual(['active my-job', 'progress my-job 50', 'completed my-job done']);
  });

  test('a flow: the parent runs when all its children have', async () => {
    const flow = keep(new FlowProducer(options()));
    const order: string[] = [];
    openWorker('children', async (job) => {
      order.push(job.name);
      return (job.data as { part: number }).part;
    });
    let total = 0;
    openWorker('parents', async (job) => {
      for (const value of Object.values(await job.getChildrenValues<number>())) total += value;
      order.push(job.name);
    });
    const tree = await flow.add({
      name: 'whole',
      queueName: 'parents',
      children: [1, 2, 3, 4].map((part) => ({
        name: 'part',
        queueName: 'children',
        data: { part },
        ...(part === 4
          ? { children: [{ name: 'grandchild', queueName: 'children', data: { part: 10 } }] }
          : {}),
      })),
    });
    expect(tree.children).toHaveLength(4);
    await until(() => order.includes('whole'));
    expect(total).toBe(10);
    expect(order.indexOf('grandchild')).toBeLessThan(order.lastIndexOf('part'));
    expect(order.at(-1)).toBe('whole');
  });

  test('repeated jobs', async () => {
    const queue = openQueue('repeated');
    let runs = 0;
    openWorker('repeated', async () => {
      runs++;
    });
    await queue.upsertJobScheduler('every', { every: 60 }, { name: 'tick' });
    await until(() => runs >= 4);
    expect(await queue.getJobSchedulersCount()).toBe(1);
    await queue.removeJobScheduler('every');
    await setTimeout(150);
    const before = runs;
    await setTimeout(200);
    expect(runs).toBe(before);
  });

  test('a rate limit, and a queue that is emptied', async () => {
    const queue = openQueue('limited');
    const times: number[] = [];
    keep(
      new Worker('limited', async () => times.push(performance.now()), {
        ...options(),
        limiter: { max: 5, duration: 200 },
      }),
    );
    await queue.addBulk(Array.from({ length: 12 }, (_, i) => ({ name: 'x', data: { i } })));
    await until(() => times.length === 12);
    expect(times[11]! - times[0]!).toBeGreaterThan(350);
    await queue.obliterate({ force: true });
    expect(await queue.getJobCountByTypes('completed', 'waiting', 'delayed')).toBe(0);
  });

  test('a stalled job is taken over', async () => {
    const queue = openQueue('stalling');
    const stuck = new Worker('stalling', () => new Promise(() => {}), {
      ...options(),
      lockDuration: 200,
      skipLockRenewal: true,
      skipStalledCheck: true,
    });
    const job = await queue.add('heavy', {});
    await until(() => job.isActive());
    keep(
      new Worker('stalling', async () => 'rescued', {
        ...options(),
        stalledInterval: 100,
        maxStalledCount: 5,
      }),
    );
    await until(() => job.isCompleted());
    await stuck.close(true);
    expect((await queue.getJob(job.id!))!.returnvalue).toBe('rescued');
  });
});
