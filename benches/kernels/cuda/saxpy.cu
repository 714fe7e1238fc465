// y = a * x + y, one element a thread.
extern "C" __global__ void saxpy(const float *x, float *y, int n, float a) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = a * x[i] + y[i];
}

// A launch and nothing else.
extern "C" __global__ void empty() {}
