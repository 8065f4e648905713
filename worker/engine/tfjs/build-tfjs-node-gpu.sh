#!/usr/bin/env bash
# Installs @tensorflow/tfjs-node-gpu into this project with its addon built against a current TensorFlow.
#
#   worker/engine/tfjs/build-tfjs-node-gpu.sh [TENSORFLOW_FOLDER]
#
# The package as published (4.22) downloads TensorFlow 2.9, which wants CUDA 11 and knows no GPU made since. The source
# of its addon uses nothing but TensorFlow's C API and builds unchanged against 2.21. TENSORFLOW_FOLDER is the folder of
# an installed Python package `tensorflow`, which holds the libraries and their headers; without one,
# `tensorflow[and-cuda]` of VERSION is installed into VENV, with the CUDA libraries it was built for. Needed: Linux,
# Node 20 or 22 (tfjs 4.22 uses what Node 23 took away), g++ and make, python3 with venv, and the NVIDIA driver.
#
# `npm ci` removes the package again, as package.json does not name it: run this after it.
set -euo pipefail

VERSION=${TENSORFLOW_VERSION:-2.21}
VENV=${TENSORFLOW_VENV:-$HOME/.cache/sara-tensorflow-$VERSION}
PACKAGE=@tensorflow/tfjs-node-gpu@4.22.0

cd "$(dirname "$0")/../../.."

tensorflow=${1:-}
if [ -z "$tensorflow" ]; then
  [ -x "$VENV/bin/pip" ] || python3 -m venv "$VENV"
  "$VENV/bin/pip" install --quiet "tensorflow[and-cuda]==$VERSION.*"
  # Found, not imported: importing it would initialise the GPU.
  tensorflow=$("$VENV/bin/python" -c \
    'import importlib.util, os; print(os.path.dirname(importlib.util.find_spec("tensorflow").origin))')
fi
tensorflow=$(realpath "$tensorflow")
for file in libtensorflow_cc.so.2 libtensorflow_framework.so.2 include/tensorflow/c/eager/c_api.h; do
  if [ ! -e "$tensorflow/$file" ]; then
    echo "$tensorflow holds no $file: is it the folder of an installed tensorflow package?" >&2
    exit 1
  fi
done

# Without its install script, which would download TensorFlow 2.9 and an addon built for it.
npm install --no-save --ignore-scripts "$PACKAGE"
addon=node_modules/@tensorflow/tfjs-node-gpu

# Where its binding.gyp looks for what it links (-ltensorflow, -ltensorflow_framework) and includes.
rm -rf "$addon/deps"
mkdir -p "$addon/deps/lib"
ln -s "$tensorflow/include" "$addon/deps/include"
ln -s "$tensorflow/libtensorflow_cc.so.2" "$addon/deps/lib/libtensorflow.so"
ln -s "$tensorflow/libtensorflow_framework.so.2" "$addon/deps/lib/libtensorflow_framework.so"

# At run time the libraries are loaded from their own folder, from where they find CUDA's beside them.
bin=$PWD/node_modules/.bin
(cd "$addon" && LDFLAGS="-Wl,-rpath,$tensorflow" "$bin/node-pre-gyp" install --build-from-source)

node --input-type=module -e '
  const tf = await import("@tensorflow/tfjs-node-gpu");
  await tf.ready();
  const { isUsingGpuDevice, binding } = tf.backend();
  const sum = (await tf.matMul(tf.ones([64, 64]), tf.ones([64, 64])).data()).reduce((a, b) => a + b);
  if (sum !== 64 ** 3) throw new Error(`64^3 ones sum to ${sum}`);
  console.log(`TensorFlow ${binding.TF_Version} on the ${isUsingGpuDevice ? "GPU" : "CPU: no GPU was found"}`);
'
echo 'Check it: npx mocha "test/numerics/*.test.ts" -g "tfjs node-gpu"'
