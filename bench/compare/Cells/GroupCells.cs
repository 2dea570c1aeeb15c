namespace Folio.Compare;

/// <summary>Groups of sequences beside Folio's own plain decoding with as many sequences.</summary>
internal static class GroupCells
{
    private const int Prompts = 16, Samples = 8, Beams = 4;

    public static Task<IReadOnlyList<Reading>> SamplesAsync(Setup setup, Model model, Engine engine, int round) => MeasureAsync(setup, model, engine, "samples", Samples, beams: false, round);

    public static Task<IReadOnlyList<Reading>> BeamsAsync(Setup setup, Model model, Engine engine, int round) => MeasureAsync(setup, model, engine, "beams", Beams, beams: true, round);

    private static async Task<IReadOnlyList<Reading>> MeasureAsync(Setup setup, Model model, Engine engine, string metric, int width, bool beams, int round)
    {
        if (engine != Engine.Folio) return [];
        (Run group, Run plain) = await setup.Folio.GroupsAsync(model, Prompts, width, setup.Sizes.Output, beams, plainFirst: round % 2 != 0);
        return [new(metric, group.Value, group.Command), new(metric, plain.Value, plain.Command, Plain: true)];
    }
}
