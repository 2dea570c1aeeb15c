namespace Folio.Tokenization.Templates;

/// <summary>A rendered conversation.</summary>
/// <param name="Text">The prompt.</param>
/// <param name="InputSpans">The characters that came from the template's inputs, sorted and disjoint; all others were written by the template.</param>
public sealed record RenderedPrompt(string Text, IReadOnlyList<TextSpan> InputSpans);
