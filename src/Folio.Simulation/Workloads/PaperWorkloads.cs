namespace Folio.Simulation;

/// <summary>The paper's workloads: Poisson arrivals, lengths with the published means.</summary>
/// <remarks>
/// The paper gives means and histograms, no variances; log-normal fits stand for the histograms. Their sigmas follow from the paper's own memory figures: while outputs
/// are written at a steady pace, a running request holds prompt + E[o²] / 2E[o] tokens on average, so a batch of b requests whose tokens fill the share s of S slots has
/// E[o²] / E[o]² = 2 (s · S / b − prompt) / E[o]. Fig. 2 and 13 give 1.75 for ShareGPT (mean of the four systems), which is a sigma of 0.75, and
/// for Alpaca, from what Oracle reserves, 2.0 or a sigma of 0.83. Prompts matter less; 1.1 and 0.6 are read off the histograms of Fig. 11.
/// </remarks>
public static class PaperWorkloads
{
    /// <summary>The context of the paper's models, prompt and output together.</summary>
    public const int MostTokens = 2048;

    // The paper's chatbot: prompts are cut to their last 1024 tokens, answers end after 1024.
    private const int ChatTokens = 1024;

    private static readonly LogNormalLength s_shareGptPrompt = new(161.31, 1.1, MostTokens / 2);
    private static readonly LogNormalLength s_shareGptOutput = new(337.99, 0.75, MostTokens);
    private static readonly LogNormalLength s_alpacaPrompt = new(19.31, 0.6, MostTokens / 2);
    private static readonly LogNormalLength s_alpacaOutput = new(58.45, 0.83, MostTokens);

    // WMT16 English to German: news sentences, here in tokens of LLaMA; the German needs more.
    private static readonly LogNormalLength s_english = new(32, 0.55, 256);
    private static readonly LogNormalLength s_german = new(42, 0.55, 256);

    public static Workload ShareGpt(double rate, double seconds, ulong seed) => Poisson("ShareGPT", rate, seconds, seed, (arrival, draws) => Draw(arrival, s_shareGptPrompt, s_shareGptOutput, draws));

    public static Workload Alpaca(double rate, double seconds, ulong seed) => Poisson("Alpaca", rate, seconds, seed, (arrival, draws) => Draw(arrival, s_alpacaPrompt, s_alpacaOutput, draws));

    /// <summary>ShareGPT lengths at a quarter, for a model whose context is 512 tokens; all requests are there from the start.</summary>
    public static Workload QuarterShareGpt(int requests, ulong seed)
    {
        const int most = MostTokens / 4;
        var prompts = new LogNormalLength(161.31 / 4, 1.1, most / 2);
        var outputs = new LogNormalLength(337.99 / 4, 0.75, most);
        var draws = new Draws(seed);
        return new("a quarter of ShareGPT", [.. Enumerable.Range(0, requests).Select(_ =>
        {
            int prompt = prompts.Draw(draws);
            return new SimulatedRequest(0, prompt, Math.Min(outputs.Draw(draws), most - prompt));
        })]);
    }

    /// <summary>Translation with examples in front: every prompt begins with the same <paramref name="prefix"/> tokens (80: one example; 341: five).</summary>
    public static Workload SharedPrefix(int prefix, double rate, double seconds, ulong seed) =>
        Poisson($"WMT16, prefix of {prefix}", rate, seconds, seed, (arrival, draws) => new(arrival, prefix + s_english.Draw(draws), s_german.Draw(draws)) { SharedIds = [0], SharedIdTokens = prefix });

    /// <summary>Chat with history: a conversation's earlier rounds stand before its question, as far as 1024 tokens reach. Nothing is kept between rounds.</summary>
    /// <remarks>Rounds of a ShareGPT conversation are taken as geometric with a mean of 3.5, so that most prompts are cut, as the paper says they are.</remarks>
    public static Workload Chat(double rate, double seconds, ulong seed) => Poisson("chatbot", rate, seconds, seed, (arrival, draws) =>
    {
        int prompt = s_shareGptPrompt.Draw(draws);
        while (draws.NextUniform() < 2.5 / 3.5) prompt += s_shareGptPrompt.Draw(draws) + s_shareGptOutput.Draw(draws);
        return new(arrival, Math.Min(prompt, ChatTokens), Math.Min(s_shareGptOutput.Draw(draws), ChatTokens));
    });

    /// <summary>Each request asks for so many sequences.</summary>
    public static Workload Wide(Workload workload, int width, bool beams) =>
        workload with { Name = $"{workload.Name}, {(beams ? "beam width" : "n =")} {width}", Requests = [.. workload.Requests.Select(request => request with { Width = width, Beams = beams })] };

    private static SimulatedRequest Draw(double arrival, LogNormalLength prompts, LogNormalLength outputs, Draws draws)
    {
        int prompt = prompts.Draw(draws);
        return new(arrival, prompt, Math.Min(outputs.Draw(draws), MostTokens - prompt));
    }

    /// <remarks>Arrivals and lengths come from streams of their own: the same seed at another rate brings the same requests.</remarks>
    private static Workload Poisson(string name, double rate, double seconds, ulong seed, Func<double, Draws, SimulatedRequest> draw)
    {
        var arrivals = new Draws(Draws.Mix(seed, 0));
        var lengths = new Draws(Draws.Mix(seed, 1));
        List<SimulatedRequest> requests = [];
        for (double now = arrivals.NextExponential(1 / rate); now < seconds; now += arrivals.NextExponential(1 / rate)) requests.Add(draw(now, lengths));
        return new(name, requests);
    }
}
