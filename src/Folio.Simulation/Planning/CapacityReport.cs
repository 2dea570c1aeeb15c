using System.Text;

namespace Folio.Simulation;

/// <summary>A plan as lines of text.</summary>
public static class CapacityReport
{
    /// <param name="request">What was asked.</param>
    /// <param name="plan">What was found.</param>
    /// <param name="load">Requests a second that are to be served.</param>
    /// <param name="isOwn">Nobody asked for that load: it is the trace's own.</param>
    public static string Write(PlanRequest request, CapacityPlan plan, double load, bool isOwn = false)
    {
        Deployment deployment = request.Deployment;
        SimulationResult result = plan.AtRate;
        var text = new StringBuilder();
        text.AppendLine($"{deployment.Name}: {deployment.Model.WeightBytes / 1e9:0.0} GB of weights, {deployment.KvSlots * deployment.Model.KvBytesPerToken / 1e9:0.0} GB of KV cache for {deployment.KvSlots} tokens");
        text.AppendLine($"{request.Workload.Name}: {plan.Requests} requests, {result.MeanPromptTokens:0} tokens in and {result.MeanOutputTokens:0} out on average{(plan.TooLong > 0 ? $"; {plan.TooLong} more are too long for this model or cache" : "")}{(result.Served.Count > plan.Requests ? "; repeated, to last long enough" : "")}");
        text.AppendLine(plan.Rate > 0
            ? $"{Devices(deployment.Devices)} sustain{(deployment.Devices == 1 ? "s" : "")} {plan.Rate:0.##} requests/s: {plan.Rate * result.MeanPromptTokens:0} tokens/s in, {plan.Rate * result.MeanOutputTokens:0} out. At that rate:"
            : "The service level is not kept, however rare the requests. At best:");
        text.AppendLine($"  first token after        {Quantiles(result.FirstTokens)}{Limit(request.ServiceLevel.FirstToken, request.ServiceLevel.Share)}");
        text.AppendLine($"  between tokens           {Quantiles(result.Gaps)}{Limit(request.ServiceLevel.Gap, request.ServiceLevel.Share)}");
        text.AppendLine($"  requests that run        {result.MeanRequests:0.0} on average; {result.Memory.Allocated:0 %} of the KV cache in use; {result.Preemptions} preemptions");
        text.AppendLine($"  from the prefix cache    {result.CachedTokens / Math.Max(1, result.MeanPromptTokens * result.Served.Count):0 %} of the prompt tokens");
        text.Append(plan.DevicesFor(load) is { } devices ? $"A load of {load:0.##} requests/s{(isOwn ? ", the trace's own rate (--load gives another)," : "")} takes {Devices(devices)}." : $"No number of groups of {Devices(deployment.Devices)} would serve a load within this service level.");
        return text.ToString();
    }

    private static string Devices(long count) => count == 1 ? "1 device" : $"{count} devices";

    private static string Quantiles(Histogram times) => $"{Time(times.Quantile(0.5))} (p50)  {Time(times.Quantile(0.95))} (p95)  {Time(times.Quantile(0.99))} (p99)";

    private static string Limit(double seconds, double share) => double.IsInfinity(seconds) ? "" : $"  promised: {Time(seconds)} for {share * 100:0.##} %";

    private static string Time(double seconds) => seconds < 1 ? $"{seconds * 1e3:0.#} ms" : $"{seconds:0.00} s";
}
