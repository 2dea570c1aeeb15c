using System.Globalization;
using Folio.Paper.Charts;

namespace Folio.Soak;

/// <summary>What a soak has seen: a table for machines, two pictures, a sentence.</summary>
internal static class SoakReport
{
    /// <summary>Points of a line; more would be one blot.</summary>
    private const int Points = 120;

    public static void Write(Soak soak, string folder)
    {
        Directory.CreateDirectory(folder);
        IEnumerable<string> rows = soak.States.Select(state => string.Create(CultureInfo.InvariantCulture, $"{state.Seconds:0.0},{state.Rss:0.0},{state.Blocks},{state.Running},{state.Waiting},{state.Tokens},{(state.AtRest ? 1 : 0)}"));
        File.WriteAllText(Path.Combine(folder, "soak.csv"), string.Join('\n', ["seconds,rss_mib,blocks,running,waiting,tokens,at_rest", .. rows]) + "\n");
        File.WriteAllText(Path.Combine(folder, "memory.svg"), Chart(soak, "Resident memory of folio serve", "MiB", state => state.Rss));
        File.WriteAllText(Path.Combine(folder, "blocks.svg"), Chart(soak, "Blocks that requests hold", "blocks", state => state.Blocks));
    }

    public static string Summary(Soak soak)
    {
        ServerState[] rests = [.. soak.States.Where(state => state.AtRest)];
        (int requests, int answered, int left, int refused) = soak.Counts;
        return string.Create(CultureInfo.InvariantCulture,
            $"{soak.States[^1].Seconds / 60:0.0} minutes, {requests} requests: {answered} answered, {left} broken off, {refused} refused as they should be, {soak.Faults.Count} faults; {soak.States[^1].Tokens} tokens. At rest: {rests[0].Rss:0.0} MiB after the first minute, {rests[^1].Rss:0.0} MiB at the end, {rests.Max(state => state.Blocks)} blocks held at most.");
    }

    private static string Chart(Soak soak, string title, string label, Func<ServerState, double> value)
    {
        ServerState[] rests = [.. soak.States.Where(state => state.AtRest)], busy = [.. soak.States.Where(state => !state.AtRest)];
        int each = Math.Max(1, busy.Length / Points);
        Series[] series =
        [
            new("under load", [.. busy.Where((_, i) => i % each == 0).Select(At)]),
            new("at rest", [.. rests.Select(At)]),
        ];
        double most = Math.Max(1, soak.States.Max(value) * 1.1);
        return new LineChart(title, "minutes", label, most, series).Draw();

        (double, double) At(ServerState state) => (state.Seconds / 60, value(state));
    }
}
