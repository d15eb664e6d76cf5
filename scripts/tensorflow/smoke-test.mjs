/**
 * Run in a process of its own (a wrong library can crash it): loads the binding given as argument as the engine does, without the JavaScript of
 * its package, multiplies two matrices and prints the version and the device of TensorFlow as one line of JSON.
 */
import { createRequire } from 'node:module';

process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';

const file = process.argv[2];
const binding = createRequire(import.meta.url)(file);
const ones = (shape) => binding.createTensor(shape, binding.TF_FLOAT, new Float32Array(shape[0] * shape[1]).fill(1));
const attributes = [
  { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
  { name: 'transpose_a', type: binding.TF_ATTR_BOOL, value: false },
  { name: 'transpose_b', type: binding.TF_ATTR_BOOL, value: false },
];
const [result] = binding.executeOp('MatMul', attributes, [ones([4, 8]), ones([8, 4])], 1);
const product = binding.tensorDataSync(result.id);
if (product.length !== 16 || product[5] !== 8) throw new Error(`4x8 times 8x4 ones gave ${product[5]} instead of 8`);
process.stdout.write(`${JSON.stringify({ library: binding.TF_Version, gpu: Boolean(binding.isUsingGpuDevice()) })}\n`);
