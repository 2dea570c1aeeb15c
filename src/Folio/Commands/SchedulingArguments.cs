using System.CommandLine;
using Folio.Engine;

namespace Folio.Commands;

/// <summary>Whose turn it is and what becomes of those preempted: options of an engine that many share.</summary>
internal sealed class SchedulingArguments
{
    private readonly Option<SchedulingPolicy?> _policy = OptionOf.Choice(
        "--scheduling-policy",
        "Who runs first: fcfs, by arrival; priority, the request's lowest number; fair, evenly between tenants (default: fcfs).",
        ("fcfs", SchedulingPolicy.Fcfs),
        ("priority", SchedulingPolicy.Priority),
        ("fair", SchedulingPolicy.Fair));

    private readonly Option<double?> _maxPrefillStall = OptionOf.Positive("--max-prefill-stall", "Milliseconds by which prompts may lengthen a step in which others decode, by estimate; at least two blocks of them and as much time as decoding takes; inf: as the token budget allows (default: 50).");
    private readonly Option<int?> _maxWaitingRequests = OptionOf.Integer("--max-waiting-requests", "Requests that may wait; more are answered with 429 (default: 10000).");
    private readonly Option<int?> _maxWaitingTokens = OptionOf.Integer("--max-waiting-tokens", "Prompt tokens that may wait; more are answered with 429 (default: no limit).");

    private readonly Option<PreemptionMode?> _preemptionMode = OptionOf.Choice(
        "--preemption-mode",
        "How a preempted request gets its keys and values back: computed again, or kept outside the cache (default: auto, whichever takes less time).",
        ("auto", PreemptionMode.Auto),
        ("recompute", PreemptionMode.Recompute),
        ("swap", PreemptionMode.Swap));

    private readonly Option<long?> _swapSpace = OptionOf.Size("--swap-space", "Memory for the blocks of preempted requests; 0: none (default: a quarter of the KV cache).", mayBeZero: true);
    private readonly Option<string?> _swapDirectory = new("--swap-directory") { Description = "A folder for a file with more such blocks, once that memory is full; made if it isn't there (default: none).", HelpName = "DIR" };
    private readonly Option<long?> _diskSwapSpace = OptionOf.Size("--disk-swap-space", "Most room of that file (default: 4G).");

    public SchedulingArguments(Command command)
    {
        foreach (Option option in (Option[])[_policy, _maxPrefillStall, _maxWaitingRequests, _maxWaitingTokens, _preemptionMode, _swapSpace, _swapDirectory, _diskSwapSpace]) command.Options.Add(option);
        command.Validators.Add(given =>
        {
            if (given.GetResult(_diskSwapSpace) is not null && given.GetResult(_swapDirectory) is null) given.AddError("--disk-swap-space has no effect without --swap-directory, the folder of the file that it limits.");
        });
    }

    public EngineOptions Apply(ParseResult parsed, EngineOptions options) => options with
    {
        SchedulingPolicy = parsed.GetValue(_policy) ?? options.SchedulingPolicy,
        MaxPrefillStall = parsed.GetValue(_maxPrefillStall) switch
        {
            null => options.MaxPrefillStall,
            > 1e9 => null,
            { } milliseconds => TimeSpan.FromMilliseconds(milliseconds),
        },
        MaxWaitingRequests = parsed.GetValue(_maxWaitingRequests) ?? options.MaxWaitingRequests,
        MaxWaitingTokens = parsed.GetValue(_maxWaitingTokens),
        PreemptionMode = parsed.GetValue(_preemptionMode) ?? options.PreemptionMode,
        SwapSpace = parsed.GetValue(_swapSpace),
        SwapDirectory = parsed.GetValue(_swapDirectory),
        DiskSwapSpace = parsed.GetValue(_diskSwapSpace) ?? options.DiskSwapSpace,
    };
}
