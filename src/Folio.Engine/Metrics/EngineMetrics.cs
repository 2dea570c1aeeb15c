namespace Folio.Engine;

/// <summary>The engine's figures, by vLLM's metric names, so that dashboards made for it work here.</summary>
public sealed class EngineMetrics
{
    private static readonly double[] FirstTokenBounds =
        [.001, .005, .01, .02, .04, .06, .08, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560];

    private static readonly double[] TokenBounds = [.01, .025, .05, .075, .1, .15, .2, .3, .4, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80];

    private static readonly double[] RequestBounds = [.3, .5, .8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680];

    public EngineMetrics(int maxModelLen)
    {
        double[] lengths = OneTwoFive(maxModelLen);
        RequestsWaiting = new("vllm:num_requests_waiting", "Requests that wait, new or preempted, or for their grammar.", WaitingForCapacity, WaitingForGrammar);
        EngineAwake.Set(1);
        PromptLength = new("vllm:request_prompt_tokens", "Prompt tokens of a request.", lengths);
        GenerationLength = new("vllm:request_generation_tokens", "Generated tokens of a sequence.", lengths);
        MaxGenerationLength = new("vllm:request_max_num_generation_tokens", "Generated tokens of a request's longest sequence.", lengths);
        ComputedPromptLength = new("vllm:request_prefill_kv_computed_tokens", "Prompt tokens of a request that were not cached.", lengths);
        ParamsMaxTokens = new("vllm:request_params_max_tokens", "The max_tokens that requests asked for.", lengths);
        All =
        [
            RequestsRunning, RequestsWaiting, WaitingForCapacity, WaitingForGrammar, RequestsSwapped, EngineAwake, .. EngineAsleep, TooManyRequests, TooManyTokens, KvCacheUsage,
            Preemptions, .. PreemptionsByMode, .. PreemptedTokens, .. PreemptionsByReason, CopiedBlocks, PrefixCacheQueries, PrefixCacheHits, StoredPrefixQueries, StoredPrefixHits,
            PromptTokens, .. PromptTokensBySource, PromptTokensCached, .. PromptTokensCachedBySource, GenerationTokens, .. RequestsFinished, IterationTokens, TimeToFirstToken,
            InterTokenLatency, TimePerOutputToken, EndToEnd, QueueTime, InferenceTime, PrefillTime, DecodeTime, PromptLength, ComputedPromptLength, GenerationLength, MaxGenerationLength,
            ParamsN, ParamsMaxTokens, RequestPreemptions, LifecycleEventsDropped,
        ];
    }

    /// <summary>All of them; those of one name stand side by side.</summary>
    public IReadOnlyList<Metric> All { get; }

    public Gauge RequestsRunning { get; } = new("vllm:num_requests_running", "Requests that run.");

    public Gauge RequestsWaiting { get; }

    internal Gauge WaitingForCapacity { get; } = WaitingFor("capacity");

    internal Gauge WaitingForGrammar { get; } = WaitingFor("deferred");

    /// <summary>vLLM can be put to sleep; this engine is always awake.</summary>
    private Gauge EngineAwake { get; } = SleepState("awake");

    private Gauge[] EngineAsleep { get; } = [SleepState("weights_offloaded"), SleepState("discard_all")];

    public Gauge KvCacheUsage { get; } = new("vllm:kv_cache_usage_perc", "Share of the KV cache's blocks in use; 1 is all.");

    public Counter Preemptions { get; } = new("vllm:num_preemptions_total", "Preemptions since the start.");

    public Counter CopiedBlocks { get; } = new("folio:copied_blocks_total", "Shared blocks copied before they were written to.");

    /// <summary>Preemptions by how the group comes back: recompute, host, disk.</summary>
    private Counter[] PreemptionsByMode { get; } = [ByMode("recompute"), ByMode("host"), ByMode("disk")];

    /// <summary>Tokens that were computed again, or moved out and back.</summary>
    private Counter[] PreemptedTokens { get; } = [TokensByMode("recompute"), TokensByMode("host"), TokensByMode("disk")];

    private Counter[] PreemptionsByReason { get; } = [ByReason("decode"), ByReason("prefill")];

    public Counter PrefixCacheQueries { get; } = new("vllm:prefix_cache_queries_total", "Prompt tokens looked up in the prefix cache.");

    public Counter PrefixCacheHits { get; } = new("vllm:prefix_cache_hits_total", "Prompt tokens found there.");

    /// <summary>vLLM's word for a cache outside the engine's memory: here the prefixes on disk.</summary>
    public Counter StoredPrefixQueries { get; } = new("vllm:external_prefix_cache_queries_total", "Prompt tokens looked up among the prefixes on disk.");

    public Counter StoredPrefixHits { get; } = new("vllm:external_prefix_cache_hits_total", "Prompt tokens read from there.");

    public Gauge RequestsSwapped { get; } = new("folio:num_requests_swapped", "Requests whose blocks are in host memory or on disk.");

    /// <summary>Requests refused since too many waited.</summary>
    public Counter TooManyRequests { get; } = Rejected("max_num_queued_reqs");

    /// <summary>Requests refused since too many prompt tokens waited.</summary>
    public Counter TooManyTokens { get; } = Rejected("max_num_queued_tokens");

    public Counter PromptTokens { get; } = new("vllm:prompt_tokens_total", "Prompt tokens processed.");

    public Counter PromptTokensCached { get; } = new("vllm:prompt_tokens_cached_total", "Of those, the ones that were cached, in memory or on disk.");

    private Counter[] PromptTokensBySource { get; } = [BySource("local_compute"), BySource("local_cache_hit"), BySource("external_kv_transfer")];

    private Counter[] PromptTokensCachedBySource { get; } = [CachedBySource("device"), CachedBySource("disk")];

    public Counter GenerationTokens { get; } = new("vllm:generation_tokens_total", "Tokens generated and handed out.");

    public Histogram IterationTokens { get; } = new("vllm:iteration_tokens_total", "Tokens of a step.", [1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384]);

    public Histogram TimeToFirstToken { get; } = new("vllm:time_to_first_token_seconds", "From arrival to the first token.", FirstTokenBounds);

    public Histogram InterTokenLatency { get; } = new("vllm:inter_token_latency_seconds", "From one token of a sequence to the next.", TokenBounds);

    public Histogram TimePerOutputToken { get; } = new("vllm:request_time_per_output_token_seconds", "A sequence's mean time from token to token.", TokenBounds);

    public Histogram EndToEnd { get; } = new("vllm:e2e_request_latency_seconds", "From arrival to the last token.", RequestBounds);

    public Histogram QueueTime { get; } = new("vllm:request_queue_time_seconds", "From arrival to the first step.", RequestBounds);

    public Histogram InferenceTime { get; } = new("vllm:request_inference_time_seconds", "From the first step to the last token.", RequestBounds);

    public Histogram PrefillTime { get; } = new("vllm:request_prefill_time_seconds", "From the first step to the first token.", RequestBounds);

    public Histogram DecodeTime { get; } = new("vllm:request_decode_time_seconds", "From the first token to the last.", RequestBounds);

    public Histogram PromptLength { get; }

    public Histogram ComputedPromptLength { get; }

    public Histogram GenerationLength { get; }

    public Histogram MaxGenerationLength { get; }

    public Histogram ParamsN { get; } = new("vllm:request_params_n", "The n that requests asked for.", [1, 2, 5, 10, 20]);

    public Histogram ParamsMaxTokens { get; }

    public Histogram RequestPreemptions { get; } = new("vllm:request_num_preemptions", "Preemptions of a request.", [1, 2, 3, 4, 5, 10, 20]);

    /// <summary>What observers of requests were too slow to be told.</summary>
    public Counter LifecycleEventsDropped { get; } = new("folio:lifecycle_events_dropped_total", "Events of requests' lives that are missing in traces and logs, because those were too slow.");

    /// <summary>Finished sequences: stop, length, abort, error.</summary>
    private Counter[] RequestsFinished { get; } = [Finished("stop"), Finished("length"), Finished("abort"), Finished("error")];

    /// <param name="reason">Null: it failed.</param>
    internal Counter FinishedWith(FinishReason? reason) => RequestsFinished[(int?)reason ?? 3];

    /// <summary>A prompt has been read to its end.</summary>
    /// <param name="tokens">All of them.</param>
    /// <param name="cached">Those that were cached.</param>
    /// <param name="stored">Of the cached, those that lay on disk.</param>
    internal void Prompt(int tokens, int cached, int stored)
    {
        PromptTokens.Add(tokens);
        PromptTokensCached.Add(cached);
        PromptTokensBySource[0].Add(tokens - cached);
        PromptTokensBySource[1].Add(cached - stored);
        PromptTokensBySource[2].Add(stored);
        PromptTokensCachedBySource[0].Add(cached - stored);
        PromptTokensCachedBySource[1].Add(stored);
        PromptLength.Observe(tokens);
        ComputedPromptLength.Observe(tokens - cached);
    }

    /// <param name="tier">Where the group waits; null: it will be computed again.</param>
    /// <param name="reason">What the blocks were needed for.</param>
    /// <param name="tokens">Tokens that it had in the cache.</param>
    internal void Preempted(SwapTier? tier, PreemptionReason reason, int tokens)
    {
        int mode = tier is { } found ? (int)found + 1 : 0;
        Preemptions.Add(1);
        PreemptionsByMode[mode].Add(1);
        PreemptedTokens[mode].Add(tokens);
        PreemptionsByReason[(int)reason].Add(1);
    }

    private static Gauge WaitingFor(string reason) => new("vllm:num_requests_waiting_by_reason", "Requests that wait: for room (capacity), or for their grammar (deferred).") { Label = ("reason", reason) };

    private static Gauge SleepState(string state) => new("vllm:engine_sleep_state", "1 for the state that the engine is in.") { Label = ("sleep_state", state) };

    private static Counter BySource(string source) => new("vllm:prompt_tokens_by_source_total", "Prompt tokens, by whether they were computed, cached in memory or read from disk.") { Label = ("source", source) };

    private static Counter CachedBySource(string source) => new("vllm:prompt_tokens_cached_by_source_total", "Cached prompt tokens, by where they lay.") { Label = ("source", source) };

    private static Counter Rejected(string reason) => new("vllm:admission_rejections_total", "Requests refused, by the limit of the queue that was reached.") { Label = ("reason", reason) };

    private static Counter ByMode(string mode) => new("folio:preemptions_by_mode_total", "Preemptions, by how the keys and values come back.") { Label = ("mode", mode) };

    private static Counter TokensByMode(string mode) => new("folio:preempted_tokens_total", "Tokens of preempted requests, by how their keys and values come back.") { Label = ("mode", mode) };

    private static Counter ByReason(string reason) => new("folio:preemptions_by_reason_total", "Preemptions, by what the blocks were needed for.") { Label = ("reason", reason) };

    private static Counter Finished(string reason) => new("vllm:request_success_total", "Sequences that ended, by reason.") { Label = ("finished_reason", reason) };

    /// <summary>1, 2, 5, 10, … up to <paramref name="most"/>.</summary>
    private static double[] OneTwoFive(int most)
    {
        List<double> bounds = [];
        for (double decade = 1; ; decade *= 10)
        {
            foreach (double bound in (ReadOnlySpan<double>)[decade, 2 * decade, 5 * decade])
            {
                if (bound > most) return [.. bounds];
                bounds.Add(bound);
            }
        }
    }
}
