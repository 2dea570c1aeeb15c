using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using Folio.Engine;

namespace Folio.Commands;

/// <summary>folio generate PROMPT: continues a text and prints what comes, as it comes; figures go to stderr.</summary>
internal static class GenerateCommand
{
    public static Command Create()
    {
        var prompt = new Argument<string[]>("PROMPT") { Description = "The text to continue; standard input if absent.", Arity = ArgumentArity.ZeroOrMore };
        prompt.Validators.Add(RequireOnePrompt);
        var quiet = new Option<bool>("--quiet", "-q") { Description = "Prints the answer alone." };
        var command = new Command("generate", "Continues a text.") { prompt, quiet };
        var engineArguments = new EngineArguments(command, positional: false);
        var prefixCache = new PrefixCacheArguments(command);
        var sampling = new SamplingArguments(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            bool silent = parsed.GetValue(quiet);
            EngineOptions options = prefixCache.Apply(parsed, engineArguments.Options(parsed)) with { SwapSpace = 0 }; // one sequence alone is never preempted
            await using LoadedModel loaded = LoadedModel.Load(engineArguments, parsed, options, silent);
            string text = parsed.GetValue(prompt) is [{ } given] ? given : await Console.In.ReadToEndAsync(cancellation);
            ModelInfo model = loaded.Engine.Model;
            await PrintAsync(loaded.Engine, model.Encode(text), sampling.Params(parsed, model.Defaults), silent, cancellation);
            loaded.Done();
            return 0;
        });
        return command;
    }

    /// <summary>Other commands take the model where this one takes the prompt, so it is named where it is looked for.</summary>
    private static void RequireOnePrompt(ArgumentResult given)
    {
        const string Usage = "folio generate -m MODEL \"PROMPT\"";
        if (given.Tokens.Count > 1) given.AddError($"generate takes one PROMPT, in quotes, and {given.Tokens.Count} were given; the model goes behind -m: {Usage}.");
        else if (given.Tokens is [{ Value: var text }] && text.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) && File.Exists(text)) given.AddError($"PROMPT is the file '{text}'; the model goes behind -m: {Usage}.");
    }

    private static async Task PrintAsync(LlmEngine engine, int[] prompt, SamplingParams sampling, bool silent, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        TimeSpan firstToken = default;
        await using GenerationStream stream = engine.Submit(new() { Prompt = prompt, Sampling = sampling }, cancellation);
        await foreach (GenerationOutput output in stream)
        {
            if (firstToken == default) firstToken = clock.Elapsed;
            Console.Out.Write(output.Text);
            Console.Out.Flush();
        }

        Console.Out.WriteLine();
        if (silent) return;
        double decode = (clock.Elapsed - firstToken).TotalSeconds;
        Console.Error.WriteLine($"\nprompt: {stream.PromptTokens} tokens, {stream.PromptTokens / firstToken.TotalSeconds:0} tok/s; "
            + $"answer: {stream.CompletionTokens} tokens, {(stream.CompletionTokens - 1) / decode:0.0} tok/s; first token after {firstToken.TotalMilliseconds:0} ms");
    }
}
