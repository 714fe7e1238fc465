// The kernels of the folder `cuda` in OpenCL C, for the peers. A line of dashes begins what one row builds. Where CUDA
// shuffles, these go through local memory: PoCL before version 5 has no sub-groups, and Intel's are slower than this.
// __expf and __logf are exp and log here: Intel's native_ functions are off by 6e-4 where CUDA's are exact to 2e-6.
// Indexes are size_t or int, whichever Intel's compiler made faster code of, up to eight times.
// ----
kernel void saxpy(global const float *x, global float *y, int n, float a) {
    size_t i = get_global_id(0);
    if (i < n) y[i] = a * x[i] + y[i];
}
// ----
kernel void empty() {}
// ----
kernel void sgemm_16(global const float *a, global const float *b, global float *c, int n) {
    local float as[16][16], bs[16][16];
    size_t tx = get_local_id(0), ty = get_local_id(1);
    size_t row = get_global_id(1), column = get_global_id(0);
    float sum = 0.0f;
    for (int tile = 0; tile < n / 16; tile++) {
        as[ty][tx] = a[row * n + tile * 16 + tx];
        bs[ty][tx] = b[(tile * 16 + ty) * n + column];
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int k = 0; k < 16; k++) sum += as[ty][k] * bs[k][tx];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    c[row * n + column] = sum;
}
// ----
kernel void sgemm_32(global const float *a, global const float *b, global float *c, int n) {
    local float as[32][32], bs[32][32];
    size_t tx = get_local_id(0), ty = get_local_id(1);
    size_t row = get_global_id(1), column = get_global_id(0);
    float sum = 0.0f;
    for (int tile = 0; tile < n / 32; tile++) {
        as[ty][tx] = a[row * n + tile * 32 + tx];
        bs[ty][tx] = b[(tile * 32 + ty) * n + column];
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int k = 0; k < 32; k++) sum += as[ty][k] * bs[k][tx];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    c[row * n + column] = sum;
}
// ----
kernel void nbody(global const float4 *bodies, global float4 *pulls, int n) {
    local float4 tile[256];
    size_t i = get_global_id(0), mine = get_local_id(0);
    float4 body = i < n ? bodies[i] : (float4)(0.0f);
    float px = 0.0f, py = 0.0f, pz = 0.0f;
    for (int start = 0; start < n; start += 256) {
        size_t other = start + mine;
        tile[mine] = other < n ? bodies[other] : (float4)(0.0f);
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int k = 0; k < 256; k++) {
            float4 there = tile[k];
            float x = there.x - body.x;
            float y = there.y - body.y;
            float z = there.z - body.z;
            float near = rsqrt(x * x + y * y + z * z + 1e-3f);
            float force = there.w * near * near * near;
            px += x * force;
            py += y * force;
            pz += z * force;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (i < n) pulls[i] = (float4)(px, py, pz, 0.0f);
}
// ----
kernel void reduce(global const float *values, global float *sums, int n) {
    local float of_block[256];
    size_t mine = get_local_id(0);
    float sum = 0.0f;
    for (size_t i = get_global_id(0); i < n; i += get_global_size(0)) sum += values[i];
    of_block[mine] = sum;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int lanes = 128; lanes > 0; lanes /= 2) {
        if (mine < lanes) of_block[mine] += of_block[mine + lanes];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (mine == 0) sums[get_group_id(0)] = of_block[0];
}
// ----
kernel void histogram(global const uchar *data, global uint *bins, int n) {
    local uint of_block[256];
    for (size_t bin = get_local_id(0); bin < 256; bin += get_local_size(0)) of_block[bin] = 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (size_t i = get_global_id(0); i < n; i += get_global_size(0)) atomic_add(&of_block[data[i]], 1);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (size_t bin = get_local_id(0); bin < 256; bin += get_local_size(0)) atomic_add(&bins[bin], of_block[bin]);
}
// ----
kernel void mandelbrot(global int *iterations, int width, int height, float left, float top, float step, int limit) {
    size_t column = get_global_id(0), row = get_global_id(1);
    if (column < width && row < height) {
        float real = left + column * step;
        float imaginary = top + row * step;
        float x = 0.0f, y = 0.0f;
        int count = 0;
        while (count < limit && x * x + y * y <= 4.0f) {
            float next = x * x - y * y + real;
            y = 2.0f * x * y + imaginary;
            x = next;
            count++;
        }
        iterations[row * width + column] = count;
    }
}
// ----
float normal(float d) {
    float k = 1.0f / (1.0f + 0.2316419f * fabs(d));
    float tail = 0.39894228f * exp(-0.5f * d * d) *
                 (k * (0.31938153f + k * (-0.356563782f + k * (1.781477937f + k * (-1.821255978f + k * 1.330274429f)))));
    return d > 0.0f ? 1.0f - tail : tail;
}

kernel void black_scholes(global const float *price, global const float *strike, global const float *years,
                          global float *call, global float *put, int n, float rate, float volatility) {
    size_t i = get_global_id(0);
    if (i < n) {
        float s = price[i], x = strike[i], t = years[i];
        float root = sqrt(t);
        float d1 = (log(s / x) + (rate + 0.5f * volatility * volatility) * t) / (volatility * root);
        float d2 = d1 - volatility * root;
        float in_call1 = normal(d1), in_call2 = normal(d2);
        float discounted = x * exp(-rate * t);
        call[i] = s * in_call1 - discounted * in_call2;
        put[i] = discounted * (1.0f - in_call2) - s * (1.0f - in_call1);
    }
}
// ----
kernel void stencil(global const float *from, global float *to, int width, int height, float share) {
    int x = get_global_id(0), y = get_global_id(1);
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
// ----
kernel void transpose(global const float *from, global float *to, int width, int height) {
    local float tile[32][33];
    size_t tx = get_local_id(0), ty = get_local_id(1);
    size_t x = get_group_id(0) * 32 + tx, y = get_group_id(1) * 32 + ty;
    for (int j = 0; j < 32; j += 8)
        if (x < width && y + j < height) tile[ty + j][tx] = from[(y + j) * width + x];
    barrier(CLK_LOCAL_MEM_FENCE);
    x = get_group_id(1) * 32 + tx;
    y = get_group_id(0) * 32 + ty;
    for (int j = 0; j < 32; j += 8)
        if (x < height && y + j < width) to[(y + j) * height + x] = tile[tx][ty + j];
}
// ----
// Steps of doubling distance between two halves of local memory.
int block_scan(int value, local int *sums) {
    size_t mine = get_local_id(0), size = get_local_size(0), from = 0;
    sums[mine] = value;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int step = 1; step < size; step *= 2) {
        int sum = sums[from + mine];
        if (mine >= step) sum += sums[from + mine - step];
        from = size - from;
        sums[from + mine] = sum;
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    return sums[from + mine];
}

kernel void scan_blocks(global const int *values, global int *sums, global int *of_blocks, int n) {
    local int space[2 * 256];
    size_t i = get_global_id(0);
    int sum = block_scan(i < n ? values[i] : 0, space);
    if (i < n) sums[i] = sum;
    if (get_local_id(0) == get_local_size(0) - 1) of_blocks[get_group_id(0)] = sum;
}

kernel void scan_sums(global int *of_blocks, int n) {
    local int space[2 * 1024];
    size_t i = get_local_id(0);
    int sum = block_scan(i < n ? of_blocks[i] : 0, space);
    if (i < n) of_blocks[i] = sum;
}

kernel void scan_add(global int *sums, global const int *of_blocks, int n) {
    size_t i = get_global_id(0);
    if (i < n && get_group_id(0) > 0) sums[i] += of_blocks[get_group_id(0) - 1];
}
// ----
kernel void softmax(global const float *from, global float *to, int rows, int columns) {
    local float of_block[256];
    int mine = get_local_id(0), row = get_group_id(0);
    from += row * columns;
    to += row * columns;
    float largest = -INFINITY;
    for (int i = mine; i < columns; i += get_local_size(0)) largest = fmax(largest, from[i]);
    of_block[mine] = largest;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int lanes = 128; lanes > 0; lanes /= 2) {
        if (mine < lanes) of_block[mine] = fmax(of_block[mine], of_block[mine + lanes]);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    largest = of_block[0];
    barrier(CLK_LOCAL_MEM_FENCE);
    float sum = 0.0f;
    for (int i = mine; i < columns; i += get_local_size(0)) {
        float power = exp(from[i] - largest);
        to[i] = power;
        sum += power;
    }
    of_block[mine] = sum;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int lanes = 128; lanes > 0; lanes /= 2) {
        if (mine < lanes) of_block[mine] += of_block[mine + lanes];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    sum = of_block[0];
    for (int i = mine; i < columns; i += get_local_size(0)) to[i] = to[i] / sum;
}
