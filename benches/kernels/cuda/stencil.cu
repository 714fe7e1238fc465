// One step of heat flow on a plane: five points, the rim kept.
extern "C" __global__ void stencil(const float *from, float *to, int width, int height, float share) {
    int x = blockIdx.x * blockDim.x + threadIdx.x;
    int y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x < width && y < height) {
        int i = y * width + x;
        float here = from[i];
        if (x > 0 && x < width - 1 && y > 0 && y < height - 1) {
            float around = from[i - 1] + from[i + 1] + from[i - width] + from[i + width];
            here += share * (around - 4.0f * here);
        }
        to[i] = here;
    }
}
